import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import { ConfigError } from "../../core/config/mod.ts";
import type { DefaultUpdate } from "../../core/control/mod.ts";
import { defectText, type Log, type LogRing, RepeatLog } from "../../core/log/mod.ts";
import {
  AccessStore,
  Authenticator,
  type AuthFile,
  consoleToken,
  EndWatch,
  type IdentityChanges,
  MemoryAuthFile,
} from "../access/mod.ts";
import { adminRoutes, type Restart } from "../admin/mod.ts";
import {
  CONSOLE_VIEWER,
  type HubConfig,
  newUuid,
  type UpdateConfig,
  type UpdateFile,
} from "../config/mod.ts";
import { consoleRoutes } from "../console/mod.ts";
import { type HubFacts, metricsRoute, publicRoutes, type Route, Router } from "../http/mod.ts";
import { type CodeStore, Pairing } from "../pairing/mod.ts";
import {
  type Fetch,
  MemoryPortalFile,
  type NewPortal,
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
  /** Where its access part is kept. Default: in memory. */
  readonly authFile?: AuthFile;
  /** The pairing codes. Borrowed. */
  readonly codes: CodeStore;
  /** Path of the file of what happened; nothing is kept beyond the process without it. */
  readonly auditFile?: string;
  /** Where the directories are kept that list this hub. Default: in memory. */
  readonly portalFile?: PortalFile;
  /** Where it is kept what agents are told about updates. Default: the configuration, which stays. */
  readonly updateFile?: UpdateFile;
  /** Asks them. Default: `fetch`. */
  readonly fetch?: Fetch;
  /** The one to be entered at if there is none, if given. */
  readonly firstPortal?: NewPortal | undefined;
  /** Restarts this hub; if absent, it cannot be. */
  readonly restart?: Restart;
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
   * Takes over what others have written to where the access part is kept, and ends what is no longer
   * allowed.
   *
   * @throws ConfigError if that cannot be used; all is as before then
   */
  refresh(): Promise<void>;
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
  const { config, clock, random, log, accessLog, hostname } = options;
  const { wwwDir } = config();
  const identities = () => parts.store.identities;
  const pages = await consoleRoutes({ wwwDir, identities, clock, log });
  const parts: Parts = partsOf(options);
  const { store, observer, switchboard, udp, portals, ends, repeats } = parts;
  const router = new Router([...routesOf({ ...options, ...parts }), ...pages], {
    onError: (error) => log(`internal error: ${defectText(error)}`),
    onAnswer: (answer) => observer.answered(answer),
  });
  const isSecured = () => store.access.isEnabled;
  const { hosts: udpHosts } = udp;
  const serving = { router, switchboard, udpHosts, isSecured, repeats };
  const server = new HttpServer({ ...serving, clock, random, accessLog });
  const portalTimer = clock.setTimer(() => {
    portals.sync();
    if (options.firstPortal !== undefined) portals.addFirst(options.firstPortal);
  }, PORTAL_SYNC_DELAY_MS);
  const stopTimers = () => {
    ends.stop();
    portalTimer.cancel();
    portals.stop();
    repeats.flush();
  };
  let port: number;
  try {
    port = server.listen(config().port, hostname);
  } catch (error) {
    stopTimers();
    await Promise.all([switchboard.shutdown(0), udp.close()]);
    observer.close();
    throw error;
  }
  return {
    port,
    stats: switchboard.stats,
    udp,
    refresh: () => store.refresh(),
    shutdown: async () => {
      await shutDown({ server, switchboard, clock, timeoutMs: config().shutdownTimeoutMs });
      stopTimers();
      await udp.close();
      observer.close();
    },
  };
}

/** What a hub is made of, besides its port. */
interface Parts {
  readonly store: AccessStore;
  readonly authenticator: Authenticator;
  readonly pairing: Pairing;
  readonly portals: Portals;
  readonly observer: Observer;
  readonly registry: Registry;
  readonly switchboard: Switchboard;
  readonly udp: HubUdp;
  readonly ends: EndWatch;
  readonly repeats: RepeatLog;
}

function partsOf(options: HubOptions): Parts {
  const { config, facts, clock, random, log, hostname } = options;
  const store = new AccessStore(options.authFile ?? new MemoryAuthFile(config().auth), {
    onChange: () => {
      ends.rearm();
      switchboard.enforce();
      portals.changed();
    },
    onTakenOver: (changes) => {
      const detail = `configuration file: ${changesText(changes)}`;
      log(`taken over from the ${detail}`);
      audit.record({ event: "admin-change", detail });
    },
  });
  const access = () => store.access;
  const registry = new Registry({ newId: () => newUuid(random) });
  const defaultUpdate = () => defaultUpdateOf(config().update);
  const repeats = new RepeatLog(log, { clock });
  const udp = new HubUdp({
    ...{ config, hostname: hostname ?? "0.0.0.0", clock, random, log, repeats },
  });
  const observer: Observer = new Observer({
    ...{ auditFile: options.auditFile, config, access, facts, clock, log },
    machines: () => registry.counts,
    relay: () => switchboard.stats,
    gauges: () => switchboard.gauges,
    udp: () => udp.stats,
    throttled: () => ({ tokens: authenticator.throttled, codes: pairing.throttled }),
  });
  const { audit } = observer;
  const authenticator = new Authenticator({ access, clock, audit });
  const switchboard: Switchboard = new Switchboard({
    ...{ access, authenticator, audit, repeats, clock, log, random },
    ...{ registry, udp, defaultUpdate },
  });
  const pairing = new Pairing({ ...options, store, audit });
  const ends = new EndWatch({ access, clock, onEnd: () => switchboard.enforce() });
  const portals = portalsOf(options, store);
  return {
    ...{ store, authenticator, pairing, portals, observer, registry, switchboard, udp, ends },
    repeats,
  };
}

/** Identities named in one line of the log. */
const MAX_NAMED = 20;

/** What somebody else has changed, for people. */
function changesText(changes: IdentityChanges): string {
  const parts = Object.entries(changes).map(([what, ids]: [string, readonly string[]]) => {
    const names = ids.slice(0, MAX_NAMED).map((id) => JSON.stringify(id)).join(", ");
    const more = ids.length > MAX_NAMED ? ` and ${ids.length - MAX_NAMED} more` : "";
    return ids.length === 0 ? "" : `${what} ${names}${more}`;
  });
  return parts.filter((part) => part !== "").join("; ") || "identities as before";
}

/** The directories that list this hub. */
function portalsOf(options: HubOptions, store: AccessStore): Portals {
  const { config, clock, random, log, fetch = globalThis.fetch, portalFile } = options;
  return new Portals({
    file: portalFile ?? new MemoryPortalFile(),
    client: new PortalClient({ fetch, clock }),
    hub: config,
    viewerToken: () =>
      consoleToken(store.identities, { id: CONSOLE_VIEWER, wallMs: clock.wallMs() }),
    ...{ log, clock, random },
  });
}

/** Where there is no file, nothing can be changed. */
function fixedUpdate(config: HubOptions["config"]): UpdateFile {
  return {
    get update() {
      return config().update;
    },
    commitUpdate: () => Promise.reject(new ConfigError("This hub has no configuration file")),
  };
}

/** All routes of the hub. */
function routesOf(parts: HubOptions & Parts): Route[] {
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
      management: switchboard,
      version: parts.facts.version,
      updateFile: parts.updateFile ?? fixedUpdate(config),
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
