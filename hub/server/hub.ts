import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import type { DefaultUpdate } from "../../core/control/mod.ts";
import type { Log, LogRing } from "../../core/log/mod.ts";
import { AccessStore, Authenticator, consoleToken, EndWatch } from "../access/mod.ts";
import { adminRoutes } from "../admin/mod.ts";
import type { Audit } from "../audit/mod.ts";
import {
  type AuthConfig,
  CONSOLE_VIEWER,
  type HubConfig,
  newUuid,
  type UpdateConfig,
} from "../config/mod.ts";
import { History } from "../history/mod.ts";
import { type HubFacts, publicRoutes, type Route, Router } from "../http/mod.ts";
import { type CodeStore, Pairing } from "../pairing/mod.ts";
import {
  type Fetch,
  MemoryPortalFile,
  PortalClient,
  type PortalFile,
  Portals,
} from "../portals/mod.ts";
import { Registry } from "../registry/mod.ts";
import { type RelayStats, Switchboard } from "../sessions/mod.ts";
import { HttpServer } from "./http_server.ts";
import { HubUdp } from "./hub_udp.ts";

/** How long after its start a hub tells portals the viewer's token. Spec: hub-api.md 8 */
const PORTAL_SYNC_DELAY_MS = 2000;

/** Options of {@linkcode startHub}. */
export interface HubOptions {
  /** The configuration in effect; may give another object after a change. */
  readonly config: () => HubConfig;
  /** Writes its access part, step by step from what it is; all or nothing. */
  readonly commitAuth: (steps: readonly AuthConfig[]) => Promise<void>;
  /** The pairing codes. Borrowed. */
  readonly codes: CodeStore;
  /** Takes note of what somebody may have to answer for. */
  readonly audit: Audit;
  /** Where the directories are kept that list this hub. Default: in memory. */
  readonly portalFile?: PortalFile;
  /** Asks them. Default: `fetch`. */
  readonly fetch?: Fetch;
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
  const { config, commitAuth, audit, clock, random, log, accessLog, hostname } = options;
  const store = new AccessStore({ auth: config().auth, commit: commitAuth }, {
    onChange: () => enforce(),
  });
  const access = () => store.access;
  const history = new History();
  const registry = new Registry({ newId: () => newUuid(random) });
  const defaultUpdate = () => defaultUpdateOf(config().update);
  const authenticator = new Authenticator({ access, clock, audit });
  const udp = new HubUdp({ config, hostname: hostname ?? "0.0.0.0", clock, random, log });
  const switchboard = new Switchboard({
    ...{ access, authenticator, audit, clock, log, random },
    ...{ registry, history, udp, defaultUpdate },
  });
  const ends = new EndWatch({ access, clock, onEnd: () => switchboard.enforce() });
  const enforce = () => {
    ends.rearm();
    switchboard.enforce();
  };
  const portals = portalsOf(options, store);
  const firstSync = clock.setTimer(() => portals.sync(), PORTAL_SYNC_DELAY_MS);
  const stopTimers = () => {
    ends.stop();
    firstSync.cancel();
  };
  const inside = { store, authenticator, portals, history, registry, switchboard };
  const routes = routesOf({ ...options, ...inside });
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
    stopTimers();
    await Promise.all([switchboard.shutdown(0), udp.close()]);
    throw error;
  }
  return {
    port,
    stats: switchboard.stats,
    udp,
    shutdown: async () => {
      await shutDown({ server, switchboard, clock, timeoutMs: config().shutdownTimeoutMs });
      stopTimers();
      await udp.close();
    },
  };
}

/** The directories that list this hub. */
function portalsOf(options: HubOptions, store: AccessStore): Portals {
  const { config, clock, log, fetch = globalThis.fetch, portalFile } = options;
  return new Portals({
    file: portalFile ?? new MemoryPortalFile(),
    client: new PortalClient({ fetch, clock }),
    hub: config,
    viewerToken: () =>
      consoleToken(store.identities, { id: CONSOLE_VIEWER, wallMs: clock.wallMs() }),
    log,
  });
}

/** All routes of the hub. */
function routesOf(
  parts: HubOptions & {
    readonly store: AccessStore;
    readonly authenticator: Authenticator;
    readonly portals: Portals;
    readonly history: History;
    readonly registry: Registry;
    readonly switchboard: Switchboard;
  },
): Route[] {
  const { config, store, history, registry, switchboard } = parts;
  return [
    ...publicRoutes({
      ...parts,
      access: () => store.access,
      hub: config,
      machines: () => registry.all(),
      sessionCount: (machine) => switchboard.sessionCount(machine),
      history: () => history.newestFirst(),
    }),
    ...adminRoutes({ ...parts, pairing: new Pairing(parts), management: switchboard }),
  ];
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
