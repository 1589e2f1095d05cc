import type { LabPeer } from "./peer.ts";
import type { Lab } from "./lab.ts";

/** A packet that did not arrive. */
export interface Lost {
  /** Which end sent it. */
  readonly from: "a" | "b";
  /** When. */
  readonly atMs: number;
  /** By which path. */
  readonly by: "direct" | "relay";
}

/** Sends data both ways all the time, each packet once, and tells which never arrived. */
export class Traffic {
  readonly #lab: Lab;
  readonly #peers: readonly [LabPeer, LabPeer];
  readonly #sent: { from: "a" | "b"; id: number; atMs: number; by: "direct" | "relay" }[] = [];
  #nextId = 1;
  #stopped = false;

  /** Begins at once, with a packet each way every 50 ms. */
  constructor(lab: Lab, peers: readonly [LabPeer, LabPeer]) {
    this.#lab = lab;
    this.#peers = peers;
    this.#tick();
  }

  /** What was sent at least a second ago and has not arrived. */
  lost(): Lost[] {
    const before = this.#lab.clock.nowMs() - 1_000;
    const [a, b] = this.#peers;
    return this.#sent
      .filter(({ from, id, atMs }) => atMs < before && !(from === "a" ? b : a).received.has(id))
      .map(({ from, atMs, by }) => ({ from, atMs, by }));
  }

  /** Sends nothing more. */
  stop(): void {
    this.#stopped = true;
  }

  #tick(): void {
    if (this.#stopped) return;
    const atMs = this.#lab.clock.nowMs();
    const [a, b] = this.#peers;
    const [fromA, fromB] = [this.#nextId++, this.#nextId++];
    this.#sent.push({ from: "a", id: fromA, atMs, by: a.sendData(fromA) });
    this.#sent.push({ from: "b", id: fromB, atMs, by: b.sendData(fromB) });
    this.#lab.clock.setTimer(() => this.#tick(), 50);
  }
}
