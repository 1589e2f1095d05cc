import { KEY_BYTES, TAG_BYTES, type TransportCipher, transportCipher } from "../aead/mod.ts";
import type { Random } from "../bytes/mod.ts";
import { type Seq, toSeq } from "./seq.ts";

/** The clock M counts 4 µs ticks. Spec: RFC 6528 §3. */
const TICKS_PER_MS = 250;

/**
 * Chooses the initial sequence numbers of a stack, that nobody else can guess.
 *
 * Spec: RFC 6528 §3.
 */
export class IsnGenerator {
  readonly #cipher: TransportCipher;
  readonly #tag = new Uint8Array(TAG_BYTES);
  readonly #view = new DataView(this.#tag.buffer);

  /** Draws the secret of this stack, and so of its two addresses, from `random`. */
  constructor(random: Random) {
    const secret = new Uint8Array(KEY_BYTES);
    random(secret);
    this.#cipher = transportCipher(secret);
  }

  /**
   * ISN = M + F(local port, remote port, secret), so that a new connection between the same ports
   * begins above the sequence numbers of the last.
   */
  next({ localPort, remotePort }: { localPort: number; remotePort: number }, nowMs: number): Seq {
    // F is the tag of an empty text with the ports as its nonce: as hard to guess as one of a keyed
    // hash, and ten times as fast. The same nonce again has the same text, and tells nothing.
    this.#cipher.seal(0, (localPort << 16 | remotePort) >>> 0, this.#tag, 0, 0);
    return toSeq(this.#view.getInt32(0) + nowMs * TICKS_PER_MS);
  }
}
