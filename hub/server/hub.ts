import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import type { DefaultUpdate } from "../../core/control/mod.ts";
import type { Log, LogRing } from "../../core/log/mod.ts";
import { Access } from "../access/mod.ts";
import { type HubConfig, newUuid, type UpdateConfig } from "../config/mod.ts";
import { History } from "../history/mod.ts";
import { adminRoutes, type HubFacts, publicRoutes, Router } from "../http/mod.ts";
import { Registry } from "../registry/mod.ts";
import { type RelayStats, Switchboard } from "../sessions/mod.ts";
import { HttpServer } from "./http_server.ts";
import { HubUdp } from "./hub_udp.ts";

/** Options of {@linkcode startHub}. */
export interface HubOptions {
  /** The configuration in effect; may give another object after a change. */
  readonly config: () => HubConfig;
  /** What `/api/status` says of the process. */
  readonly facts: HubFacts;
  /** Times everything. */
  readonly clock: Clock;
  /** Makes ids. */
  readonly random: Random;
  /** Takes a line for each event. */
  readonly log: Log;
  /** The last lines of that log, for administrators. */
  readonly logs: LogRing;
  /** Takes a line for each HTTP request, if given. */
  readonly accessLog?: Log | undefined;
  /** Address to listen on. Default: all IPv4 interfaces. */
  readonly hostname?: string;
}

/** A hub that listens. */
export interface RunningHub {
  /** Its port. */
  readonly port: number;
  /** What it has relayed and dropped. */
  readonly stats: Readonly<RelayStats>;
  /** Its UDP: the port, what has been relayed and dropped there, separate hosts. */
  readonly udp: HubUdp;
  /**
   * Takes no more connections, tells every peer, and waits until what is queued for them has gone
   * out, at most `shutdownTimeoutMs` of the configuration; then cuts what is left.
   */
  shutdown(): Promise<void>;
}

/** The reading of the configuration's access part, made anew when that has changed. */
function currentAccess(config: () => HubConfig): () => Access {
  let auth = config().auth;
  let access = new Access(auth);
  return () => {
    const latest = config().auth;
    if (latest !== auth) {
      auth = latest;
      access = new Access(auth);
    }
    return access;
  };
}

/** Spec: wire.md 2.2: only where a channel or a source is configured. */
function defaultUpdateOf({ channel, sources }: UpdateConfig): DefaultUpdate | undefined {
  if (channel === "" && Object.keys(sources).length === 0) return undefined;
  return { channel, sources: { ...sources } };
}

/**
 * Starts a hub on the port of its configuration.
 *
 * @throws ListenError if it cannot listen there
 */
export async function startHub(options: HubOptions): Promise<RunningHub> {
  const { config, facts, clock, random, log, logs, accessLog, hostname } = options;
  const access = currentAccess(config);
  const history = new History();
  const registry = new Registry({ newId: () => newUuid(random) });
  const defaultUpdate = () => defaultUpdateOf(config().update);
  const shared = { access, clock, log };
  const udp = new HubUdp({ config, hostname: hostname ?? "0.0.0.0", clock, random, log });
  const switchboard = new Switchboard({ ...shared, registry, history, udp, defaultUpdate, random });
  const routes = [
    ...publicRoutes({
      ...shared,
      facts,
      hub: config,
      machines: () => registry.all(),
      sessionCount: (machine) => switchboard.sessionCount(machine),
      history: () => history.newestFirst(),
    }),
    ...adminRoutes({ access, logs, clock }),
  ];
  const router = new Router(routes, {
    onError: (error) => log(`internal error: ${(error as Error).stack ?? error}`),
  });
  const isSecured = () => access().isEnabled;
  const { hosts: udpHosts } = udp;
  const parts = { router, switchboard, udpHosts, isSecured };
  const server = new HttpServer({ ...parts, clock, random, log, accessLog });
  let port: number;
  try {
    port = server.listen(config().port, hostname);
  } catch (error) {
    await Promise.all([switchboard.shutdown(0), udp.close()]);
    throw error;
  }
  return {
    port,
    stats: switchboard.stats,
    udp,
    shutdown: async () => {
      await shutDown({ server, switchboard, clock, timeoutMs: config().shutdownTimeoutMs });
      await udp.close();
    },
  };
}

async function shutDown({ server, switchboard, clock, timeoutMs }: {
  server: HttpServer;
  switchboard: Switchboard;
  clock: Clock;
  timeoutMs: number;
}): Promise<void> {
  const { promise: isLate, resolve: giveUp } = Promise.withResolvers<void>();
  const late = clock.setTimer(() => {
    server.cut();
    giveUp();
  }, timeoutMs);
  const stopped = server.stop();
  await switchboard.shutdown(timeoutMs);
  await Promise.race([stopped, isLate]);
  late.cancel();
}
