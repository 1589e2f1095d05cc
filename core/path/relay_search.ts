import { timingSafeEqual } from "node:crypto";
import type { UdpAddress } from "./udp_port.ts";

/** Spec: wire.md 5.1 */
const PROBE = new TextEncoder().encode("PROBE");
const READY = new TextEncoder().encode("READY");

/** Length of a token in bytes. Spec: wire.md 5.1 */
export const TOKEN_BYTES = 8;

/** Time for each candidate, in ms. Spec: wire.md 5.2 */
const CANDIDATE_MS = 2_000;

/** When a candidate is probed, in ms: the reference sends one, and one loss costs it the upgrade. */
const PROBE_OFFSETS_MS = [0, 250, 600, 1_200] as const;

/** Options of {@linkcode RelaySearch}. */
export interface RelaySearchOptions {
  /** Token of the offer, 8 bytes; copied. */
  token: Uint8Array;
  /** Where the hub may be reached, in order. */
  candidates: readonly UdpAddress[];
  /** Monotonic time. */
  nowMs: number;
}

/**
 * Looks for the address at which the hub relays by UDP, without I/O: each candidate in turn is probed
 * four times within 2 s, and the first that says it is ready is taken, also if it does so late.
 *
 * Spec: wire.md 5.2
 */
export class RelaySearch {
  /** The datagram to send, lent. */
  readonly probe: Uint8Array<ArrayBuffer>;
  readonly #ready: Uint8Array;
  readonly #candidates: readonly UdpAddress[];
  readonly #startMs: number;
  #sent = 0;

  /** Begins with the first candidate. */
  constructor({ token, candidates, nowMs }: RelaySearchOptions) {
    this.probe = new Uint8Array([...token, ...PROBE]);
    this.#ready = new Uint8Array([...token, ...READY]);
    this.#candidates = candidates;
    this.#startMs = nowMs;
  }

  /** When the time of the last candidate is over. */
  get endMs(): number {
    return this.#startMs + this.#candidates.length * CANDIDATE_MS;
  }

  /** When to poll next; `Infinity` once every probe has been sent. */
  nextDeadlineMs(): number {
    const candidate = Math.floor(this.#sent / PROBE_OFFSETS_MS.length);
    if (candidate >= this.#candidates.length) return Infinity;
    const offsetMs = PROBE_OFFSETS_MS[this.#sent % PROBE_OFFSETS_MS.length]!;
    return this.#startMs + candidate * CANDIDATE_MS + offsetMs;
  }

  /** Where to send the probe now, if one is due. */
  poll(nowMs: number): UdpAddress | undefined {
    if (nowMs < this.nextDeadlineMs()) return undefined;
    return this.#candidates[Math.floor(this.#sent++ / PROBE_OFFSETS_MS.length)];
  }

  /**
   * The candidate that the hub answers at, if the first `end` bytes are its answer. The source is not
   * checked, as the reference does not; it only decides between candidates.
   */
  answer(bytes: Uint8Array, end: number, from: UdpAddress): UdpAddress | undefined {
    if (this.#sent === 0 || end !== this.#ready.length) return undefined;
    if (!timingSafeEqual(bytes.subarray(0, end), this.#ready)) return undefined;
    const last = Math.floor((this.#sent - 1) / PROBE_OFFSETS_MS.length);
    return this.#candidates.find((candidate) =>
      candidate.hostname === from.hostname && candidate.port === from.port
    ) ?? this.#candidates[last];
  }
}
