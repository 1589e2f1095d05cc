import { blake2s } from "@noble/hashes/blake2.js";
import type { Random } from "../bytes/mod.ts";
import { type Seq, toSeq } from "./seq.ts";

/** The clock M counts 4 µs ticks. Spec: RFC 6528 §3. */
const TICKS_PER_MS = 250;

/** Chooses initial sequence numbers that nobody else can guess. Spec: RFC 6528 §3. */
export class IsnGenerator {
  readonly #secret: Uint8Array<ArrayBuffer> = new Uint8Array(32);
  readonly #message: Uint8Array = new Uint8Array(12);
  readonly #view: DataView = new DataView(this.#message.buffer);

  /** Draws the secret of this stack from `random`. */
  constructor(random: Random) {
    random(this.#secret);
  }

  /**
   * ISN = M + F(local address and port, remote address and port, secret), so that a new connection
   * between the same ports begins above the sequence numbers of the last.
   */
  next(
    connection: {
      localAddress: number;
      remoteAddress: number;
      localPort: number;
      remotePort: number;
    },
    nowMs: number,
  ): Seq {
    this.#view.setUint32(0, connection.localAddress);
    this.#view.setUint32(4, connection.remoteAddress);
    this.#view.setUint16(8, connection.localPort);
    this.#view.setUint16(10, connection.remotePort);
    const hash = blake2s(this.#message, { key: this.#secret, dkLen: 4 });
    return toSeq(new DataView(hash.buffer, hash.byteOffset).getInt32(0) + nowMs * TICKS_PER_MS);
  }
}
