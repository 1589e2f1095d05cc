import type { JsonObject, Register } from "../../core/control/mod.ts";
import { digestToken } from "../access/mod.ts";
import { type ServiceView, serviceViews } from "./services.ts";

/** A text that an agent may give of a machine and need not repeat. Spec: wire.md 2.2 */
export type StickyText =
  | "displayName"
  | "hostname"
  | "os"
  | "agentVersion"
  | "location"
  | "owner";

const STICKY_TEXTS: readonly StickyText[] = [
  "displayName",
  "hostname",
  "os",
  "agentVersion",
  "location",
  "owner",
];

/** Circumstances of what an agent tells of a machine. */
export interface MachineContext {
  /** Time of day, milliseconds since 1970. */
  readonly wallMs: number;
  /** Digest of the token in the message, where it has been made before. */
  readonly tokenDigest?: string | undefined;
}

/** A machine as its agent has registered it; kept after the agent is gone. */
export class Machine {
  /** UUID that survives a change of name. */
  readonly registrationId: string;
  /** Milliseconds since 1970 of the first registration. */
  readonly registeredAtMs: number;
  /** Milliseconds since 1970 of the last registration or pong. */
  lastSeenMs: number;
  /** True while the agent's control socket is up. */
  isOnline: boolean = false;
  #agentId: string;
  #name: string;
  #protocolVersion = 1;
  #tokenDigest: string | undefined;
  #ports: readonly number[] = [];
  #services: readonly ServiceView[] = [];
  #tags: readonly string[] = [];
  #capabilities: JsonObject | undefined;
  readonly #texts = new Map<StickyText, string>();

  /** Takes the first registration. */
  constructor(
    message: Register,
    { registrationId, ...told }: MachineContext & { registrationId: string },
  ) {
    this.registrationId = registrationId;
    this.registeredAtMs = told.wallMs;
    this.lastSeenMs = told.wallMs;
    this.#agentId = message.agentId;
    this.#name = message.machineName;
    this.update(message, told);
  }

  /**
   * Takes a later registration: name, token, ports and services are replaced, absent or not; the
   * rest only by a value.
   *
   * Spec: wire.md 2.2 (re-registration)
   */
  update(message: Register, { wallMs, tokenDigest }: MachineContext): void {
    this.lastSeenMs = wallMs;
    this.#agentId = message.agentId;
    this.#name = message.machineName;
    this.#tokenDigest = message.token ? tokenDigest ?? digestToken(message.token) : undefined;
    this.#ports = message.ports ?? [];
    this.#services = serviceViews(message.services, message.ports);
    for (const key of STICKY_TEXTS) {
      const text = message[key];
      if (text) this.#texts.set(key, text);
    }
    this.#tags = message.tags ?? this.#tags;
    this.#capabilities = message.capabilities ?? this.#capabilities;
    const version = message.protocolVersion ?? 0;
    if (version > 0) this.#protocolVersion = version;
  }

  /** UUID of the agent installation. */
  get agentId(): string {
    return this.#agentId;
  }

  /** Name that clients use, and key of its permissions. */
  get name(): string {
    return this.#name;
  }

  /** Version of the protocol that the agent said it speaks. */
  get protocolVersion(): number {
    return this.#protocolVersion;
  }

  /** Ports of the last registration, as given. */
  get ports(): readonly number[] {
    return this.#ports;
  }

  /** Services as they are shown. */
  get services(): readonly ServiceView[] {
    return this.#services;
  }

  /** Labels; empty if none. */
  get tags(): readonly string[] {
    return this.#tags;
  }

  /** What the agent can do, as it said. */
  get capabilities(): JsonObject | undefined {
    return this.#capabilities;
  }

  /** One of the optional texts, null if the agent never gave it. */
  text(key: StickyText): string | null {
    return this.#texts.get(key) ?? null;
  }

  /** On an open hub a client must show the token that the agent registered with, if it had one. */
  admits(token: string | undefined): boolean {
    return this.#tokenDigest === undefined || this.#tokenDigest === digestToken(token ?? "");
  }
}
