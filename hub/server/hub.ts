import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import type { DefaultUpdate } from "../../core/control/mod.ts";
import type { Log, LogRing } from "../../core/log/mod.ts";
import { type Access, AccessStore, Authenticator, consoleToken, EndWatch } from "../access/mod.ts";
import { adminRoutes } from "../admin/mod.ts";
import {
  type AuthConfig,
  CONSOLE_VIEWER,
  type HubConfig,
  newUuid,
  type UpdateConfig,
} from "../config/mod.ts";
import { type HubFacts, metricsRoute, publicRoutes, type Route, Router } from "../http/mod.ts";
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
import { Observer } from "./observer.ts";

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
  /** Path of the file of what happened; nothing is kept beyond the process without it. */
  readonly auditFile?: string;
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
  const { config, commitAuth, facts, clock, random, log, accessLog, hostname } = options;
  const store = new AccessStore({ auth: config().auth, commit: commitAuth }, {
    onChange: () => watch.changed(),
  });
  const access = () => store.access;
  const registry = new Registry({ newId: () => newUuid(random) });
  const udp = new HubUdp({ config, hostname: hostname ?? "0.0.0.0", clock, random, log });
  const observer: Observer = new Observer({
    ...{ auditFile: options.auditFile, config, access, facts, clock, log },
    machines: () => registry.counts,
    relay: () => switchboard.stats,
    gauges: () => switchboard.gauges,
    udp: () => udp.stats,
  });
  const { audit } = observer;
  const authenticator = new Authenticator({ access, clock, audit });
  const switchboard: Switchboard = new Switchboard({
    ...{ access, authenticator, audit, clock, log, random },
    ...{ registry, udp, defaultUpdate: () => defaultUpdateOf(config().update) },
  });
  const portals = portalsOf(options, store);
  const watch = watchOver({ access, clock, portals, switchboard });
  const inside = { store, authenticator, portals, observer, registry, switchboard };
  const router = new Router(routesOf({ ...options, ...inside }), {
    onError: (error) => log(`internal error: ${(error as Error).stack ?? error}`),
    onAnswer: (answer) => observer.answered(answer),
  });
  const isSecured = () => access().isEnabled;
  const parts = { router, switchboard, udpHosts: udp.hosts, isSecured };
  const server = new HttpServer({ ...parts, clock, random, log, accessLog });
  const closeAll = () => {
    watch.stop();
    observer.close();
  };
  let port: number;
  try {
    port = server.listen(config().port, hostname);
  } catch (error) {
    await Promise.all([switchboard.shutdown(0), udp.close()]);
    closeAll();
    throw error;
  }
  return {
    port,
    stats: switchboard.stats,
    udp,
    shutdown: async () => {
      await shutDown({ server, switchboard, clock, timeoutMs: config().shutdownTimeoutMs });
      await udp.close();
      closeAll();
    },
  };
}

/** Does what is to be done when access has changed, a token has ended, and once after the start. */
function watchOver({ access, clock, portals, switchboard }: {
  readonly access: () => Access;
  readonly clock: Clock;
  readonly portals: Portals;
  readonly switchboard: Switchboard;
}): { readonly changed: () => void; readonly stop: () => void } {
  const ends = new EndWatch({ access, clock, onEnd: () => switchboard.enforce() });
  const firstSync = clock.setTimer(() => portals.sync(), PORTAL_SYNC_DELAY_MS);
  return {
    changed: () => {
      ends.rearm();
      switchboard.enforce();
    },
    stop: () => {
      ends.stop();
      firstSync.cancel();
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
    readonly observer: Observer;
    readonly registry: Registry;
    readonly switchboard: Switchboard;
  },
): Route[] {
  const { config, store, authenticator, observer, registry, switchboard } = parts;
  const { audit, records } = observer;
  const access = () => store.access;
  return [
    ...publicRoutes({
      ...parts,
      access,
      hub: config,
      machines: () => registry.all(),
      sessionCount: (machine) => switchboard.sessionCount(machine),
      history: () => observer.history.newestFirst(),
      auditFault: () => observer.auditFault,
    }),
    metricsRoute({
      access,
      authenticator,
      config: () => config().metrics,
      families: () => observer.families(),
    }),
    ...adminRoutes({
      ...{ ...parts, audit, records },
      pairing: new Pairing({ ...parts, audit }),
      management: switchboard,
    }),
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
