import type { Timer } from "../../core/clock/mod.ts";
import type { Machine } from "../registry/mod.ts";
import type { UdpLease } from "../udp/mod.ts";
import type { Holder } from "./context.ts";
import type { Peer } from "./peer.ts";

/** Bytes of frames relayed in each direction. */
export interface Traffic {
  /** From client to agent. */
  toAgentBytes: number;
  /** From agent to client. */
  toClientBytes: number;
}

/** A client's session with a machine, from its connect on. */
export interface Session {
  /** 16 lower-case hexadecimal digits. */
  readonly id: string;
  /** 1 to 254, unique among the machine's sessions. */
  readonly index: number;
  readonly machine: Machine;
  readonly client: Peer;
  /** Whose token it was opened with; undefined on an open hub. */
  readonly holder: Holder | undefined;
  /** Ports that the client may reach; undefined if its grant covers the whole machine. */
  readonly allowedPorts: readonly number[] | undefined;
  /** Public key of the client, "" if it sent none. */
  readonly wgPubKey: string;
  /** The services asked for, for the history. */
  readonly detail: string;
  /** Runs out if the agent does not join. */
  readonly joinTimer: Timer;
  /** The agent's socket, once it has joined. */
  agent: Peer | undefined;
  /** Monotonic time of its connect, in milliseconds. */
  readonly openedMs: number;
  /** Seconds for which its ends want to keep UDP while their sockets are gone; 0 for not at all. */
  readonly grace: { readonly clientSeconds: number; agentSeconds: number };
  /** Whose token the agent registered with, once it has joined; undefined on an open hub. */
  agentHolder: Holder | undefined;
  /** What was relayed so far; what came by UDP is added when that ends. */
  readonly traffic: Traffic;
  /** UDP for the present pairing, if there is any. */
  udp: UdpLease | undefined;
}

/** Most sessions of one machine at a time. Spec: wire.md 3.3, 10.77.N.0 with N of 1 to 254 */
export const MAX_SESSIONS_PER_MACHINE = 254;

/** The sessions that exist, by id, and by machine and index. */
export class SessionTable {
  readonly #byId = new Map<string, Session>();
  readonly #byMachine = new Map<Machine, Map<number, Session>>();

  /** The lowest index that is free on the machine, undefined if none is. */
  freeIndex(machine: Machine): number | undefined {
    const taken = this.#byMachine.get(machine);
    for (let index = 1; index <= MAX_SESSIONS_PER_MACHINE; index++) {
      if (!taken?.has(index)) return index;
    }
    return undefined;
  }

  /** Enters a session; its index must be free. */
  add(session: Session): void {
    this.#byId.set(session.id, session);
    const sessions = this.#byMachine.get(session.machine) ?? new Map<number, Session>();
    this.#byMachine.set(session.machine, sessions.set(session.index, session));
  }

  /** Removes a session and frees its index; harmless if it is gone. */
  remove(session: Session): void {
    if (!this.#byId.delete(session.id)) return;
    const sessions = this.#byMachine.get(session.machine)!;
    sessions.delete(session.index);
    if (sessions.size === 0) this.#byMachine.delete(session.machine);
  }

  /** The session of this id. */
  byId(id: string): Session | undefined {
    return this.#byId.get(id);
  }

  /** All sessions. */
  all(): Session[] {
    return [...this.#byId.values()];
  }

  /** The sessions of a machine. */
  of(machine: Machine): Session[] {
    return [...this.#byMachine.get(machine)?.values() ?? []];
  }

  /** How many sessions a machine has, joined or not. */
  countOf(machine: Machine): number {
    return this.#byMachine.get(machine)?.size ?? 0;
  }
}
