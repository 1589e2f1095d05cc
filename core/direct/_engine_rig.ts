import assert from "node:assert/strict";
import type { PeerCandidates, PeerEndpoint } from "../control/mod.ts";
import { type Endpoint, parseEndpoint } from "../endpoint/mod.ts";
import { encodeBindingSuccess, looksLikeStun } from "../stun/mod.ts";
import { DirectEngine } from "./engine.ts";
import type { DirectOptions } from "./options.ts";

/** Parses an address that is one. */
export function endpoint(text: string): Endpoint {
  return parseEndpoint(text)!;
}

/** Where the hub is. */
export const HUB: Endpoint = endpoint("198.51.100.1:41820");
/** Our only address. */
export const OWN: Endpoint = endpoint("10.0.0.2:50000");
/** As STUN sees it. */
export const SEEN: Endpoint = endpoint("203.0.113.2:61000");

/** An engine, with a record of all that it did and virtual time. */
export class EngineRig {
  readonly engine: DirectEngine;
  readonly announced: (PeerCandidates | PeerEndpoint)[] = [];
  readonly probes: string[] = [];
  readonly punches: string[] = [];
  readonly events: string[] = [];
  nowMs = 0;
  /** Messages that the other end has had. */
  taken = 0;
  #request: Uint8Array | undefined;

  constructor(options: Partial<DirectOptions> = {}) {
    this.engine = new DirectEngine({
      role: "client",
      stunServers: [HUB],
      hub: [HUB],
      allowLoopback: false,
      random: (out) => void out.fill(0x80),
      ...options,
      sink: {
        send: (bytes, to) => {
          if (looksLikeStun(bytes)) this.#request = bytes;
          else this.punches.push(to.text);
        },
        announce: (message) => void this.announced.push(message),
        probe: (to) => void this.probes.push(to.text),
        up: (remote) => void this.events.push(`up ${remote.text}`),
        down: (reason) => void this.events.push(`down: ${reason}`),
      },
    });
  }

  /** With a socket and a peer. */
  static started(peer: "ours" | "reference", options: Partial<DirectOptions> = {}): EngineRig {
    const rig = new EngineRig(options);
    rig.engine.setLocal([OWN], 0);
    rig.engine.start(peer, 0);
    return rig;
  }

  /** The STUN server answers. */
  answerStun(mapped: Endpoint = SEEN): void {
    const answer = encodeBindingSuccess(this.#request!.subarray(8, 20), mapped);
    assert.equal(this.receive(answer, HUB), "stun");
  }

  receive(bytes: Uint8Array, source: Endpoint): string {
    return this.engine.receive(bytes, { source, nowMs: this.nowMs });
  }

  answered(to: Endpoint, rttMs?: number): void {
    this.engine.answered(to, { nowMs: this.nowMs, rttMs });
  }

  /** Lets time pass; the engine must not want more than one call at one moment for each timer. */
  advance(byMs: number): void {
    const untilMs = this.nowMs + byMs;
    for (let calls = 0; this.engine.nextDeadlineMs() <= untilMs; calls++) {
      assert.ok(calls < byMs + 20, "the engine spins");
      this.nowMs = Math.max(this.nowMs, this.engine.nextDeadlineMs());
      this.engine.tick(this.nowMs);
    }
    this.nowMs = untilMs;
  }
}
