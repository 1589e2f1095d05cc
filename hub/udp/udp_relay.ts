import type { Random } from "../../core/bytes/mod.ts";
import { makeEndpoint } from "../../core/endpoint/mod.ts";
import { forwardRelayFrame } from "../../core/relay/mod.ts";
import { answerBindingRequest, looksLikeStun } from "../../core/stun/mod.ts";
import type { Datagram } from "./datagram.ts";
import { SourceLimits } from "./rate_limit.ts";
import { type FrameSink, newSide, type UdpPairing, type UdpSide } from "./side.ts";
import { newUdpStats, type UdpDrop, type UdpStats } from "./stats.ts";
import { TOKEN_BYTES, TokenTable } from "./token_table.ts";

/** `PROBE` and `READY`, behind a token. Spec: wire.md 5.1 */
const PROBE = new TextEncoder().encode("PROBE");
const READY = new TextEncoder().encode("READY");

/**
 * STUN answers to strangers: enough for all users behind one address who come back at once, and in
 * total so few that 44 bytes each are no burden to whoever's address was forged.
 */
const STUN_RATES = {
  perSource: { burst: 100, perSecond: 20 },
  total: { burst: 1000, perSecond: 500 },
};

/**
 * A side that sends by WebSocket has left UDP when nothing came from it by UDP for so long: the word
 * of a dead path must not wait for the 60 s that reference peers take. Spec: wire.md 5.3
 */
const LEFT_UDP_MS = 10_000;

/**
 * The UDP relay without I/O: tokens, probes, addresses, and frames on their way from one side of a
 * session to the other. All work for a datagram is bounded and none of it allocates, but for STUN.
 *
 * Spec: wire.md 4.4, 5.1
 */
export class UdpRelay {
  /** Counters, live. */
  readonly stats: UdpStats = newUdpStats();
  readonly #sides: TokenTable<UdpSide>;
  readonly #stunLimits = new SourceLimits(STUN_RATES);

  /** Starts with no sessions; `random` makes the tokens. */
  constructor(random: Random) {
    this.#sides = new TokenTable(random);
  }

  /** How many tokens are known, two for each pairing. */
  get tokenCount(): number {
    return this.#sides.size;
  }

  /** Lets two sides reach each other with new tokens, until {@linkcode UdpRelay.release}. */
  pair(sinks: readonly [FrameSink, FrameSink]): UdpPairing {
    const pairing = [newSide(sinks[0]), newSide(sinks[1])] as const;
    for (const side of pairing) side.token = this.#sides.allocate(side);
    return this.#join(pairing);
  }

  /** As {@linkcode UdpRelay.pair}, with tokens that somebody else made; undefined if one is taken. */
  adopt(
    tokens: readonly [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>],
    sinks: readonly [FrameSink, FrameSink],
  ): UdpPairing | undefined {
    const pairing = [newSide(sinks[0]), newSide(sinks[1])] as const;
    for (const [i, side] of pairing.entries()) {
      side.token = tokens[i]!;
      if (this.#sides.enter(side.token, side)) continue;
      if (i === 1) this.#sides.delete(tokens[0]);
      return undefined;
    }
    return this.#join(pairing);
  }

  /** Forgets a pairing: its tokens no longer work. To be called once. */
  release(pairing: UdpPairing): void {
    for (const side of pairing) {
      this.#sides.delete(side.token);
      side.other = undefined;
      side.address = undefined;
    }
  }

  /** The side that a token belongs to, if any. */
  sideOf(token: Uint8Array<ArrayBuffer>): UdpSide | undefined {
    return this.#sides.get(new DataView(token.buffer, token.byteOffset, token.length), 0);
  }

  /**
   * Takes a datagram that arrived. True if it is to be sent now: its bytes, length and address have
   * become those of the datagram that follows from it. Never throws.
   *
   * @param nowMs monotonic
   */
  input(datagram: Datagram, nowMs: number): boolean {
    const { stats } = this;
    const { bytes, view, lenBytes } = datagram;
    stats.received++;
    stats.receivedBytes += lenBytes;
    if (lenBytes < TOKEN_BYTES) return this.#drop("too-short");
    if (datagram.address.port === 0) return this.#drop("bad-source");
    const side = this.#sides.get(view, 0);
    if (side === undefined) {
      const isStun = looksLikeStun(bytes.subarray(0, lenBytes));
      return isStun ? this.#answerStun(datagram, nowMs) : this.#drop("unknown-token");
    }
    this.#locate(side, datagram, nowMs);
    return isProbe(datagram)
      ? this.#answerProbe(side, datagram, nowMs)
      : this.#forward(side, datagram, nowMs);
  }

  #join(pairing: UdpPairing): UdpPairing {
    pairing[0].other = pairing[1];
    pairing[1].other = pairing[0];
    return pairing;
  }

  /** Spec: wire.md 5.1: whatever carries the token tells where its side is now. */
  #locate(side: UdpSide, { address }: Datagram, nowMs: number): void {
    side.heardMs = nowMs;
    side.usesWebSocket = false;
    const known = side.address;
    if (known?.port === address.port && known.hostname === address.hostname) return;
    if (known === undefined) {
      side.address = address;
    } else if (side.rebindLimit.take(nowMs)) {
      this.stats.rebinds++;
      side.address = address;
    } else {
      this.stats.rebindsRefused++;
    }
  }

  #answerProbe(side: UdpSide, datagram: Datagram, nowMs: number): boolean {
    if (!side.probeLimit.take(nowMs)) return this.#drop("probe-rate");
    this.stats.probes++;
    datagram.bytes.set(READY, TOKEN_BYTES);
    return true;
  }

  #forward(side: UdpSide, datagram: Datagram, nowMs: number): boolean {
    const { bytes, lenBytes } = datagram;
    const verdict = forwardRelayFrame(bytes, TOKEN_BYTES, lenBytes);
    if (verdict !== "forward") {
      return this.#drop(verdict === "invalid" ? "invalid-frame" : verdict);
    }
    const receiver = side.other!;
    if (receiver.address !== undefined && !hasLeftUdp(receiver, nowMs)) {
      this.stats.toUdp++;
      side.relayedBytes += lenBytes - TOKEN_BYTES;
      bytes.set(receiver.token, 0);
      datagram.address = receiver.address;
      return true;
    }
    if (!receiver.sink.frame(bytes, TOKEN_BYTES, lenBytes)) return this.#drop("slow-receiver");
    this.stats.toWebSocket++;
    side.relayedBytes += lenBytes - TOKEN_BYTES;
    return false;
  }

  #answerStun(datagram: Datagram, nowMs: number): boolean {
    const { bytes, lenBytes, address } = datagram;
    const source = makeEndpoint(address.hostname, address.port);
    if (source === undefined) return this.#drop("bad-source");
    const answer = answerBindingRequest(bytes.subarray(0, lenBytes), source);
    if (typeof answer === "string") return this.#drop("stun-invalid");
    if (!this.#stunLimits.take(address.hostname, nowMs)) return this.#drop("stun-rate");
    this.stats.stun++;
    bytes.set(answer);
    datagram.lenBytes = answer.length;
    return true;
  }

  #drop(reason: UdpDrop): false {
    this.stats.drops[reason]++;
    return false;
  }
}

function isProbe({ bytes, lenBytes }: Datagram): boolean {
  if (lenBytes !== TOKEN_BYTES + PROBE.length) return false;
  for (let i = 0; i < PROBE.length; i++) if (bytes[TOKEN_BYTES + i] !== PROBE[i]) return false;
  return true;
}

function hasLeftUdp(side: UdpSide, nowMs: number): boolean {
  return side.usesWebSocket && nowMs - side.heardMs > LEFT_UDP_MS;
}
