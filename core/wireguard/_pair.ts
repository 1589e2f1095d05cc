/**
 * Two ends of a tunnel on one virtual clock and a wire without delay, for tests.
 *
 * @module
 */

import { type Packet, PacketPool, type Random } from "../bytes/mod.ts";
import { generatePrivateKey, publicKey } from "./keys.ts";
import type { WireGuardOptions } from "./options.ts";
import type { ReceiveResult } from "./stats.ts";
import { WireGuard } from "./wireguard.ts";

/** A repeatable source of bytes (mulberry32); not for keys of anyone real. */
export function seededRandom(seed: number): Random {
  let state = seed;
  return (out) => {
    for (let i = 0; i < out.length; i++) {
      state = state + 0x6d2b79f5 | 0;
      let mixed = Math.imul(state ^ state >>> 15, state | 1);
      mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
      out[i] = mixed ^ mixed >>> 14;
    }
  };
}

/** One end, with what it sent and not yet delivered, and what came out of it. */
export class End {
  readonly wireguard: WireGuard;
  /** Messages sent and still on the wire. */
  outbox: Uint8Array[] = [];
  /** Inner packets delivered, padding on. */
  readonly delivered: Uint8Array[] = [];
  readonly #pool: PacketPool;

  constructor(options: Omit<WireGuardOptions, "send" | "deliver" | "pool" | "mtuBytes">) {
    this.#pool = new PacketPool({ maxPacketBytes: MTU });
    this.wireguard = new WireGuard({
      ...options,
      mtuBytes: MTU,
      pool: this.#pool,
      send: (packet) => {
        this.outbox.push(packet.bytes.slice(packet.start, packet.end));
        this.#pool.give(packet);
      },
      deliver: (bytes, start, end) => this.delivered.push(bytes.slice(start, end)),
    });
  }

  /** A packet of this end's pool with the given bytes. */
  packet(inner: Uint8Array): Packet {
    const packet = this.#pool.take();
    packet.bytes.set(inner, packet.start);
    packet.end = packet.start + inner.length;
    return packet;
  }

  /** Handles a copy of the message. */
  receive(message: Uint8Array, nowMs: number, source?: Uint8Array): ReceiveResult {
    return this.wireguard.receive(message.slice(), 0, message.length, nowMs, source);
  }
}

/** MTU of both ends. */
export const MTU = 1100;

/** Both ends and the clock. */
export class Pair {
  readonly a: End;
  readonly b: End;
  readonly random: Random;
  nowMs = 0;
  /** Added to the wall clock of both ends. */
  wallOffsetMs = 1_767_225_600_000;
  /** Loses a message where it returns true. */
  lose: (from: End, message: Uint8Array) => boolean = () => false;

  constructor(
    { persistentKeepaliveMs, presharedKey, swapKeys = false, seed = 1 }: {
      persistentKeepaliveMs?: number;
      presharedKey?: Uint8Array;
      swapKeys?: boolean;
      seed?: number;
    } = {},
  ) {
    const random = this.random = seededRandom(seed);
    const keys = [generatePrivateKey(random), generatePrivateKey(random)];
    if (swapKeys) keys.reverse();
    const [keyA, keyB] = keys as [Uint8Array, Uint8Array];
    const shared = {
      presharedKey,
      persistentKeepaliveMs,
      random,
      wallMs: () => this.nowMs + this.wallOffsetMs,
    };
    this.a = new End({ ...shared, privateKey: keyA, peerPublicKey: publicKey(keyB) });
    this.b = new End({ ...shared, privateKey: keyB, peerPublicKey: publicKey(keyA) });
  }

  /** Sends an inner packet of `lengthBytes` bytes, all equal to `fill`, without delivering it. */
  send(from: End, fill: number, lengthBytes = 16): void {
    from.wireguard.send(from.packet(new Uint8Array(lengthBytes).fill(fill)), this.nowMs);
  }

  /** Sends as above, lets everything arrive, and returns whether the other end got it. */
  passes(from: End, fill: number): boolean {
    const { delivered } = this.#other(from);
    const before = delivered.length;
    this.send(from, fill);
    this.settle();
    return delivered.length > before && delivered.at(-1)![0] === fill;
  }

  /** Delivers until the wire is empty; returns what became of each message. */
  settle(): ReceiveResult[] {
    const results: ReceiveResult[] = [];
    while (this.a.outbox.length + this.b.outbox.length > 0) {
      for (const from of [this.a, this.b]) {
        const messages = from.outbox;
        from.outbox = [];
        for (const message of messages) {
          if (this.lose(from, message)) continue;
          results.push(this.#other(from).receive(message, this.nowMs));
        }
      }
    }
    return results;
  }

  /** Lets time pass, each timer firing at its time and the wire settling after it. */
  advance(byMs: number): void {
    const untilMs = this.nowMs + byMs;
    for (;;) {
      const next = Math.min(
        this.a.wireguard.nextDeadlineMs(),
        this.b.wireguard.nextDeadlineMs(),
      );
      if (next > untilMs) break;
      this.nowMs = next;
      this.a.wireguard.tick(next);
      this.b.wireguard.tick(next);
      this.settle();
    }
    this.nowMs = untilMs;
  }

  /** A pair whose ends have a session that `a` initiated. */
  static established(options?: ConstructorParameters<typeof Pair>[0]): Pair {
    const pair = new Pair(options);
    pair.a.wireguard.initiate(0);
    pair.settle();
    return pair;
  }

  #other(end: End): End {
    return end === this.a ? this.b : this.a;
  }
}
