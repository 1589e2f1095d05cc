import type { Clock } from "../../core/clock/mod.ts";
import { formatTime, type RepeatLog } from "../../core/log/mod.ts";
import {
  type Access,
  type Authenticator,
  type Caller,
  fromSource,
  tokenOf,
} from "../access/mod.ts";
import type { HistoryEvent } from "../history/mod.ts";
import { isGranted, type Machine } from "../registry/mod.ts";
import { json, polled, text, tooMany } from "./respond.ts";
import type { RequestContext, Route } from "./router.ts";

/** What the process is, for `/api/status`. */
export interface HubFacts {
  /** As Go names it: `linux`, `darwin`, `windows`. */
  readonly os: string;
  /** As Go names it: `amd64`, `arm64`. */
  readonly arch: string;
  /** Name of the host. */
  readonly hostname: string;
  /** Name and version of the run time; the field has Go's name on the wire. */
  readonly runtime: string;
  /** Version of this program. */
  readonly version: string;
}

/** What the public routes show. */
export interface PublicRoutesOptions {
  /** Identity and name of the hub, as of now; "" if it has none. */
  readonly hub: () => { readonly hubId: string; readonly name: string };
  /** The process. */
  readonly facts: HubFacts;
  /** Who may do what, as of now. */
  readonly access: () => Access;
  /** Finds out who asks. */
  readonly authenticator: Authenticator;
  /** All machines, in order. */
  readonly machines: () => readonly Machine[];
  /** How many sessions a machine has. */
  readonly sessionCount: (machine: Machine) => number;
  /** What happened, newest first. */
  readonly history: () => readonly HistoryEvent[];
  /** Gives the time; the hub is up since these options were used. */
  readonly clock: Clock;
  /** Why records of the audit cannot be written, if they cannot. */
  readonly auditFault?: () => string | undefined;
  /** Takes tokens in queries, which are deprecated, for the log. */
  readonly repeats: RepeatLog;
}

/** Spec: hub-api.md 1.1, `/.well-known/tela` */
const DISCOVERY = {
  protocolVersion: "1.1",
  supportedVersions: ["1.1"],
  capabilities: ["per-service-access-control"],
};

function machineView(machine: Machine, options: PublicRoutesOptions, caller: Caller): object {
  const granted = options.access().visibleServices(caller, machine.name);
  const { services } = machine;
  return {
    id: machine.name,
    agentId: machine.agentId,
    machineRegistrationId: machine.registrationId,
    displayName: machine.text("displayName"),
    hostname: machine.text("hostname"),
    os: machine.text("os"),
    agentVersion: machine.text("agentVersion"),
    protocolVersion: machine.protocolVersion,
    tags: machine.tags,
    location: machine.text("location"),
    owner: machine.text("owner"),
    agentConnected: machine.isOnline,
    sessionCount: options.sessionCount(machine),
    registeredAt: formatTime(machine.registeredAtMs),
    lastSeen: formatTime(machine.lastSeenMs),
    services: granted ? services.filter((service) => isGranted(service, granted)) : services,
    capabilities: machine.capabilities,
  };
}

function eventView({ machine, event, wallMs, detail }: HistoryEvent): object {
  return {
    machineId: machine,
    event,
    timestamp: formatTime(wallMs),
    ...(detail !== "" && { detail }),
  };
}

/** Routes that need no more than a valid token. Spec: hub-api.md 1.1 */
class PublicRoutes {
  readonly #options: PublicRoutesOptions;
  readonly #startedMs: number;

  constructor(options: PublicRoutesOptions) {
    this.#options = options;
    this.#startedMs = options.clock.nowMs();
  }

  discovery(): Response {
    const { hubId } = this.#options.hub();
    return json({ ...DISCOVERY, ...(hubId !== "" && { hubId }) });
  }

  status(request: Request, context: RequestContext): Response {
    const { hub, facts, machines, access, clock } = this.#options;
    const caller = this.#callerOf(request, context);
    if (caller instanceof Response) return caller;
    if (caller.kind === "anonymous") return json({ error: "auth_required", machines: [] }, 401);
    const { hubId, name } = hub();
    const { runtime, ...rest } = facts;
    const uptime = Math.floor((clock.nowMs() - this.#startedMs) / 1000);
    const visible = machines()
      .filter((machine) => access().canView(caller, machine.name))
      .map((machine) => machineView(machine, this.#options, caller));
    const body = {
      timestamp: formatTime(clock.wallMs()),
      ...(hubId !== "" && { hubId }),
      ...(name !== "" && { hubName: name }),
      hub: { ...rest, goVersion: runtime, uptime },
      machines: visible,
    };
    return polled(request, { body, tagged: [hubId, name, facts, visible] });
  }

  /** The hub serves even if its audit is degraded, but whoever watches it is to be told. */
  health(): Response {
    const fault = this.#options.auditFault?.();
    return text(fault === undefined ? "ok" : `ok, auditDegraded: ${fault}`);
  }

  history(request: Request, context: RequestContext): Response {
    const { access, history, clock } = this.#options;
    const caller = this.#callerOf(request, context);
    if (caller instanceof Response) return caller;
    if (caller.kind === "anonymous") return json({ error: "auth_required", events: [] }, 401);
    const events = history()
      .filter(({ machine }) => access().canView(caller, machine))
      .map(eventView);
    const body = { timestamp: formatTime(clock.wallMs()), events };
    return polled(request, { body, tagged: events });
  }

  /** Whoever asks, or what to answer somebody who has tried too many tokens. */
  #callerOf(request: Request, { remoteAddress }: RequestContext): Caller | Response {
    const { token, from } = tokenOf(request);
    if (from === "query") {
      const detail = "which is deprecated: use Authorization";
      this.#options.repeats.note(fromSource({ what: "token in the query", detail, remoteAddress }));
    }
    const caller = this.#options.authenticator.identify(token, remoteAddress);
    if (caller.kind !== "throttled") return caller;
    return tooMany("too many wrong tokens from your address", caller.waitMs);
  }
}

/** The routes of discovery, status, history and health, and the refusal of a plain `/ws`. */
export function publicRoutes(options: PublicRoutesOptions): Route[] {
  const routes = new PublicRoutes(options);
  const status = (path: string): Route => ({
    path,
    cors: "public",
    handle: (request, context) => routes.status(request, context),
  });
  const history = (path: string): Route => ({
    path,
    cors: "public",
    handle: (request, context) => routes.history(request, context),
  });
  return [
    {
      path: "/.well-known/tela",
      cors: "public",
      methods: ["GET"],
      handle: () => routes.discovery(),
    },
    status("/api/status"),
    status("/status"),
    status("/api/admin/status"),
    history("/api/history"),
    history("/api/admin/history"),
    { path: "/healthz", cors: "none", methods: ["GET", "HEAD"], handle: () => routes.health() },
    {
      path: "/ws",
      cors: "none",
      upgrades: true,
      handle: () => text("400 not a WebSocket upgrade", 400),
    },
  ];
}
