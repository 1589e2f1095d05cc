import type { Machine } from "../registry/mod.ts";
import type { Session } from "./session_table.ts";

/** Parted sessions remembered; beyond that the one that parted longest ago is forgotten. */
const MAX_PARTED = 4096;

/** What of a session decides whether its client still may have it. */
export type SessionRight = Pick<Session, "allowedPorts" | "holder" | "machine" | "wgPubKey">;

/**
 * Sessions whose sockets are gone. Between a client and an agent of ours they may go on by a direct
 * path, which the hub does not see; when the right to one is withdrawn, the agent is told.
 */
export class PartedSessions {
  /** By the client's key, which it has for this session alone. */
  readonly #byKey = new Map<string, SessionRight>();

  /** Takes note of a session whose sockets are gone. */
  add({ allowedPorts, holder, machine, wgPubKey, agent }: Session): void {
    if (agent === undefined || wgPubKey === "") return;
    this.#byKey.delete(wgPubKey);
    this.#byKey.set(wgPubKey, { allowedPorts, holder, machine, wgPubKey });
    if (this.#byKey.size <= MAX_PARTED) return;
    const [oldest] = this.#byKey.keys();
    this.#byKey.delete(oldest!);
  }

  /** Forgets the session of a client that is back, or whose agent has been told. */
  forget({ wgPubKey }: Pick<SessionRight, "wgPubKey">): void {
    this.#byKey.delete(wgPubKey);
  }

  /** Those of a machine, or all. */
  of(machine?: Machine): SessionRight[] {
    const all = [...this.#byKey.values()];
    return machine === undefined ? all : all.filter((session) => session.machine === machine);
  }
}
