import type { Random } from "../../core/bytes/mod.ts";

/** Length of a token in bytes. Spec: wire.md 5.1 */
export const TOKEN_BYTES = 8;

/** Where every STUN message has {@linkcode STUN_COOKIE}. Spec: RFC 8489 §5 */
const STUN_COOKIE_OFFSET = 4;

/** The magic cookie of STUN. Spec: RFC 8489 §5 */
export const STUN_COOKIE = 0x2112a442;

/** A token is drawn anew when it is taken: with 64 random bits, more often only if they are not. */
const MAX_DRAWS = 100;

interface Entry<T> {
  readonly high: number;
  readonly low: number;
  readonly value: T;
}

/** The first 53 bits as a number, which a `Map` finds faster than any text. */
function keyOf(high: number, low: number): number {
  return high * 2 ** 21 + (low >>> 11);
}

/**
 * Values by token. No token here can be taken for the beginning of a STUN message, with which it
 * shares a port.
 */
export class TokenTable<T> {
  readonly #entries = new Map<number, Entry<T>>();
  readonly #random: Random;

  /** Starts empty; `random` makes the tokens. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** How many tokens there are. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Enters a value under a new token.
   *
   * @throws Error if the random source gives the same bytes over and over
   */
  allocate(value: T): Uint8Array<ArrayBuffer> {
    const token = new Uint8Array(TOKEN_BYTES);
    for (let draws = 0; draws < MAX_DRAWS; draws++) {
      this.#random(token);
      if (this.enter(token, value)) return token;
    }
    throw new Error(`Cannot make a token: the random source repeats itself (${MAX_DRAWS} draws)`);
  }

  /** Enters a value under a token; false if it is taken or looks like STUN. */
  enter(token: Uint8Array<ArrayBuffer>, value: T): boolean {
    const view = new DataView(token.buffer, token.byteOffset, TOKEN_BYTES);
    const [high, low] = [view.getUint32(0), view.getUint32(STUN_COOKIE_OFFSET)];
    const key = keyOf(high, low);
    if (low === STUN_COOKIE || this.#entries.has(key)) return false;
    this.#entries.set(key, { high, low, value });
    return true;
  }

  /** What the token at `offset` stands for; the view must have {@linkcode TOKEN_BYTES} there. */
  get(view: DataView, offset: number): T | undefined {
    const high = view.getUint32(offset);
    const low = view.getUint32(offset + STUN_COOKIE_OFFSET);
    const entry = this.#entries.get(keyOf(high, low));
    return entry?.high === high && entry.low === low ? entry.value : undefined;
  }

  /** Forgets a token; harmless if it is not there. */
  delete(token: Uint8Array<ArrayBuffer>): void {
    const view = new DataView(token.buffer, token.byteOffset, TOKEN_BYTES);
    if (this.get(view, 0) === undefined) return;
    this.#entries.delete(keyOf(view.getUint32(0), view.getUint32(STUN_COOKIE_OFFSET)));
  }
}
