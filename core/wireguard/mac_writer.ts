import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { copy } from "./copy.ts";
import { hash, label } from "./hash.ts";
import { RateLimiter } from "./load.ts";
import { mac } from "./mac.ts";
import { COOKIE_REPLY } from "./messages.ts";
import {
  COOKIE_LIFETIME_MS,
  COOKIE_NONCE_BYTES,
  LABEL_COOKIE,
  LABEL_MAC1,
  MAC_BYTES,
  TAG_BYTES,
} from "./specification.ts";
import { COOKIE_REPLY_RATE } from "./tuning.ts";

/** Puts mac1 and mac2 on own handshake messages and keeps the cookie the peer asked for. WG 5.4.4. */
export class MacWriter {
  readonly #mac1Key: Uint8Array;
  readonly #cookieKey: Uint8Array;
  #lastMac1: Uint8Array | undefined;
  #cookie: Uint8Array | undefined;
  #cookieAtMs = 0;
  readonly #opened = new RateLimiter(COOKIE_REPLY_RATE);

  constructor(peerPublicKey: Uint8Array) {
    this.#mac1Key = hash(label(LABEL_MAC1), peerPublicKey);
    this.#cookieKey = hash(label(LABEL_COOKIE), peerPublicKey);
  }

  /** Writes both macs into the last 32 bytes of the handshake message from `start` to `end`. */
  write(bytes: Uint8Array, { start, end, nowMs }: MessageAt): void {
    const mac2At = end - MAC_BYTES;
    const mac1At = mac2At - MAC_BYTES;
    const mac1 = mac(this.#mac1Key, bytes, start, mac1At);
    bytes.set(mac1, mac1At);
    this.#lastMac1 = mac1;
    if (this.#cookie !== undefined && nowMs - this.#cookieAtMs >= COOKIE_LIFETIME_MS) this.wipe();
    if (this.#cookie === undefined) bytes.fill(0, mac2At, end);
    else bytes.set(mac(this.#cookie, bytes, start, mac2At), mac2At);
  }

  /**
   * Keeps the cookie in the reply at `start` if the peer made it for the handshake message sent last,
   * which is good for one; else nothing changes. Spec: WG 5.4.7.
   */
  consumeCookie(
    bytes: Uint8Array,
    start: number,
    nowMs: number,
  ): "cookie" | "unauthentic" | "rate-limited" {
    if (this.#lastMac1 === undefined) return "unauthentic";
    // Nothing cheaper than opening it tells a forged one, whose index anyone may have seen.
    if (!this.#opened.allow(nowMs)) return "rate-limited";
    const nonceAt = start + COOKIE_REPLY.nonce;
    const sealedAt = start + COOKIE_REPLY.encryptedCookie;
    const nonce = copy(bytes, nonceAt, COOKIE_NONCE_BYTES);
    const sealed = copy(bytes, sealedAt, MAC_BYTES + TAG_BYTES);
    let cookie: Uint8Array;
    try {
      cookie = xchacha20poly1305(this.#cookieKey, nonce, this.#lastMac1).decrypt(sealed);
    } catch {
      // The library throws for a wrong tag, the only failure that fixed lengths leave.
      return "unauthentic";
    }
    this.#cookie?.fill(0);
    this.#cookie = cookie;
    this.#cookieAtMs = nowMs;
    // Else a replay of the reply would make the cookie young again.
    this.#lastMac1 = undefined;
    return "cookie";
  }

  /** Forgets the cookie. */
  wipe(): void {
    this.#cookie?.fill(0);
    this.#cookie = undefined;
  }
}

/** Where a handshake message lies in its buffer, and the monotonic time. */
export interface MessageAt {
  readonly start: number;
  readonly end: number;
  readonly nowMs: number;
}
