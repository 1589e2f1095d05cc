import { TIMESTAMP_BYTES } from "./specification.ts";

/** TAI64 label of 1970-01-01 UTC: 2^62 and ten leap seconds, as every implementation counts. */
const TAI64_EPOCH_HIGH = 0x4000_0000;
const TAI64_EPOCH_LOW = 10;

/** Nanoseconds are rounded down to a multiple of this, about 17 ms, to hide the clock's detail. */
const WHITENING_NANOSECONDS = 2 ** 24;
const NANOSECONDS = 1_000_000_000;
const TWO_32 = 2 ** 32;

/**
 * Makes the timestamps of initiations, each later than the one before even if the wall clock steps
 * back or stands still, since the responder refuses any other.
 *
 * Spec: WG 5.1, TAI64N.
 */
export class TimestampSource {
  #seconds = -1;
  #nanoseconds = 0;

  /** Twelve bytes for the wall time, milliseconds since 1970-01-01 UTC, or a later time. */
  next(wallMs: number): Uint8Array<ArrayBuffer> {
    let seconds = Math.max(Math.floor(wallMs / 1000), 0);
    const exact = Math.floor((Math.max(wallMs, 0) - seconds * 1000) * 1e6);
    let nanoseconds = exact - exact % WHITENING_NANOSECONDS;
    if (
      seconds < this.#seconds || seconds === this.#seconds && nanoseconds <= this.#nanoseconds
    ) {
      seconds = this.#seconds;
      nanoseconds = this.#nanoseconds + WHITENING_NANOSECONDS;
      if (nanoseconds >= NANOSECONDS) {
        seconds++;
        nanoseconds = 0;
      }
    }
    this.#seconds = seconds;
    this.#nanoseconds = nanoseconds;
    return encode(seconds, nanoseconds);
  }
}

function encode(seconds: number, nanoseconds: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(TIMESTAMP_BYTES);
  const view = new DataView(bytes.buffer);
  const label = seconds + TAI64_EPOCH_LOW;
  view.setUint32(0, TAI64_EPOCH_HIGH + Math.floor(label / TWO_32));
  view.setUint32(4, label % TWO_32);
  view.setUint32(8, nanoseconds);
  return bytes;
}

/** Remembers the greatest timestamp received, so that no initiation is accepted twice. */
export class TimestampGuard {
  readonly #greatest = new Uint8Array(TIMESTAMP_BYTES);

  /** Whether the timestamp is later than every accepted one. */
  isNew(timestamp: Uint8Array): boolean {
    for (let i = 0; i < TIMESTAMP_BYTES; i++) {
      if (timestamp[i] !== this.#greatest[i]) return timestamp[i]! > this.#greatest[i]!;
    }
    return false;
  }

  /** Remembers a timestamp that `isNew` and authentic. */
  accept(timestamp: Uint8Array): void {
    this.#greatest.set(timestamp);
  }
}
