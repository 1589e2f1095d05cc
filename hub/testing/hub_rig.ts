import { LogRing } from "../../core/log/mod.ts";
import { AccessStore, consoleToken, EndWatch, MemoryAuthFile } from "../access/mod.ts";
import { type AdminOptions, adminRoutes } from "../admin/mod.ts";
import type { AuditEntry } from "../audit/mod.ts";
import {
  type AuthConfig,
  CONSOLE_VIEWER,
  type UpdateChange,
  type UpdateConfig,
} from "../config/mod.ts";
import { publicRoutes, Router } from "../http/mod.ts";
import { CodeStore, Pairing } from "../pairing/mod.ts";
import { MemoryPortalFile, PortalClient, Portals } from "../portals/mod.ts";
import { SwitchboardRig } from "./switchboard_rig.ts";

/** A request to a {@linkcode HubRig}. */
export interface RigRequest {
  /** Sent as a bearer token; none if absent. */
  readonly token?: string | undefined;
  /** Sent as JSON; text and streams as they are. */
  readonly body?: unknown;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Where it comes from. Default: `192.0.2.7:4711`. */
  readonly source?: string;
}

/** What a {@linkcode HubRig} answered. */
export interface RigResponse {
  /** Status code. */
  readonly status: number;
  /** Headers. */
  readonly headers: Headers;
  /** The body, parsed if it is JSON. */
  // deno-lint-ignore no-explicit-any -- tests look into all kinds of bodies
  readonly body: any;
}

/** Writes when it is let, and fails when it is told to. */
class RigAuthFile extends MemoryAuthFile {
  constructor(auth: AuthConfig, readonly rig: HubRig) {
    super(auth);
  }

  override async commit(change: (auth: AuthConfig) => readonly AuthConfig[]): Promise<void> {
    const steps = change(this.auth);
    await this.rig.writing;
    if (this.rig.writeError !== undefined) throw this.rig.writeError;
    this.rig.written.push(...steps.slice(1));
    await super.commit(() => steps);
  }
}

/** A ring that has lost its first lines. */
function fullRing(): LogRing {
  const logs = new LogRing();
  for (let i = 1; i <= 1200; i++) logs.push(`line ${i}`);
  return logs;
}

/** All of a hub but its port, its files and the real time. */
export class HubRig {
  /** Sockets, sessions, clock, log. */
  readonly sockets: SwitchboardRig;
  /** Who may do what. */
  readonly store: AccessStore;
  /** The pairing codes. */
  readonly codes: CodeStore;
  /** Every step that was written. */
  readonly written: AuthConfig[] = [];
  /** Given to whoever writes next, if set. */
  writeError: Error | undefined;
  /** Waited for by whoever writes. */
  writing: Promise<void> = Promise.resolve();
  /** Requests to portals, and what they are answered. */
  portal: (url: string, init: RequestInit) => Promise<Response> = () =>
    Promise.reject(new TypeError("no such host"));
  /** What the configuration says of updates. */
  update: UpdateConfig = { channel: "", sources: {} };
  /** The name of the hub. */
  name = "lab";
  readonly #router: Router;
  readonly #ends: EndWatch;
  readonly #portals: Portals;

  /**
   * Starts with no peers.
   *
   * @param more what only some tests need
   */
  constructor(auth: AuthConfig, more: Pick<AdminOptions, "records" | "restart"> = {}) {
    this.sockets = new SwitchboardRig({ auth });
    const { clock, registry, switchboard, authenticator, audited, history, repeats } = this.sockets;
    this.store = new AccessStore(new RigAuthFile(auth, this), {
      onChange: () => {
        this.sockets.access = this.store.access;
        this.#ends.rearm();
        switchboard.enforce();
        this.#portals.changed();
      },
    });
    const access = () => this.store.access;
    this.#ends = new EndWatch({ access, clock, onEnd: () => switchboard.enforce() });
    let made = 0;
    const random = (out: Uint8Array) => out.forEach((_, i) => out[i] = (++made * 73 + i) & 255);
    this.codes = new CodeStore(":memory:", { random });
    const audit = { record: (entry: AuditEntry) => void audited.push(entry) };
    const log = Object.assign((text: string) => void this.sockets.lines.push(text), {
      for: () => log,
    });
    const shared = {
      access,
      store: this.store,
      authenticator,
      audit,
      repeats,
      clock,
      log,
      random,
    };
    const pairing = new Pairing({ ...shared, codes: this.codes });
    const hub = () => ({ hubId: "hub-1", name: this.name });
    const portals = this.#portals = new Portals({
      ...{ hub, log, clock, random, file: new MemoryPortalFile() },
      client: new PortalClient({ fetch: (url, init) => this.portal(url, init), clock }),
      viewerToken: () =>
        consoleToken(this.store.identities, { id: CONSOLE_VIEWER, wallMs: clock.wallMs() }),
    });
    const logs = fullRing();
    this.#router = new Router([
      ...publicRoutes({
        ...shared,
        hub,
        facts: { os: "linux", arch: "amd64", hostname: "h", runtime: "deno", version: "0" },
        machines: () => registry.all(),
        sessionCount: (machine) => switchboard.sessionCount(machine),
        history: () => history.newestFirst(),
      }),
      ...adminRoutes({
        ...{ ...shared, pairing, portals, registry, management: switchboard, logs },
        ...{ version: "0", updateFile: this },
        ...more,
      }),
    ], {
      onError: (error) => {
        throw error;
      },
    });
  }

  /** Keeps a change of {@linkcode HubRig.update}, or fails as it is told to. */
  commitUpdate({ channel = this.update.channel, source }: UpdateChange): Promise<void> {
    if (this.writeError !== undefined) return Promise.reject(this.writeError);
    const sources: Record<string, string> = { ...this.update.sources };
    if (source?.base !== undefined) sources[source.name] = source.base;
    else if (source !== undefined) delete sources[source.name];
    this.update = { channel, sources };
    return Promise.resolve();
  }

  /** Sends a request such as `GET /api/status`. */
  async ask(request: string, options: RigRequest = {}): Promise<RigResponse> {
    const { token, body, headers = {}, source = "192.0.2.7:4711" } = options;
    const [method, path] = request.split(" ");
    const isRaw = typeof body === "string" || body instanceof ReadableStream || body === undefined;
    const sent = new Request(`http://hub${path}`, {
      method: method!,
      headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: isRaw ? body : JSON.stringify(body),
    });
    const response = await this.#router.handle(sent, { remoteAddress: source });
    const text = await response.text();
    const isJson = response.headers.get("content-type") === "application/json";
    const { status } = response;
    return { status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** Closes what is open. */
  close(): void {
    this.#ends.stop();
    this.#portals.stop();
    this.codes.close();
  }
}
