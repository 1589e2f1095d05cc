/** Segment size of a peer that announces none. Spec: RFC 9293 §3.7.1. */
export const DEFAULT_MSS_BYTES = 536;

/** Least segment size taken from a peer; less would make this end send floods of headers. */
const MIN_MSS_BYTES = 64;

/** IPv4 and TCP headers without options, which the MSS does not count. Spec: RFC 6691. */
const OVERHEAD_BYTES = 40;

/** How large a segment may be: what the peer takes, and what the path carries at the moment. */
export class EffectiveMss {
  /** Payload plus TCP options. Spec: RFC 9293 §3.7.1 (Eff.snd.MSS). */
  bytes: number;
  #peerBytes = DEFAULT_MSS_BYTES;
  #pathBytes: number;

  /** For a path of `mtuBytes`, and a peer that has said nothing. */
  constructor(mtuBytes: number) {
    this.#pathBytes = mssOf(mtuBytes);
    this.bytes = Math.min(this.#peerBytes, this.#pathBytes);
  }

  /** What a SYN may carry, its options included: the peer's MSS is not known yet. */
  get synBytes(): number {
    return this.#pathBytes;
  }

  /** Takes the peer's MSS option, 0 if there was none. */
  setPeer(mssBytes: number): void {
    this.#peerBytes = mssBytes === 0 ? DEFAULT_MSS_BYTES : Math.max(mssBytes, MIN_MSS_BYTES);
    this.bytes = Math.min(this.#peerBytes, this.#pathBytes);
  }

  /** The path carries IP packets of `mtuBytes` from now on. */
  setMtu(mtuBytes: number): void {
    this.#pathBytes = mssOf(mtuBytes);
    this.bytes = Math.min(this.#peerBytes, this.#pathBytes);
  }
}

/** The MSS of IP packets of `mtuBytes`. */
export function mssOf(mtuBytes: number): number {
  return mtuBytes - OVERHEAD_BYTES;
}
