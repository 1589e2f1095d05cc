import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import type { Random } from "../bytes/mod.ts";
import { copy } from "./copy.ts";
import { constantTimeEqual } from "./equal.ts";
import { hash, label } from "./hash.ts";
import { mac } from "./mac.ts";
import type { MessageAt } from "./mac_writer.ts";
import { COOKIE_REPLY, MESSAGE_TYPE, writeU32 } from "./messages.ts";
import {
  COOKIE_LIFETIME_MS,
  COOKIE_NONCE_BYTES,
  HASH_BYTES,
  LABEL_COOKIE,
  LABEL_MAC1,
  MAC_BYTES,
} from "./specification.ts";

/** Checks the macs of received handshake messages and makes cookies, without state per sender. */
export class MacChecker {
  readonly #mac1Key: Uint8Array;
  readonly #cookieKey: Uint8Array;
  readonly #random: Random;
  readonly #secret = new Uint8Array(HASH_BYTES);
  #secretAtMs = -Infinity;

  constructor(ownPublicKey: Uint8Array, random: Random) {
    this.#mac1Key = hash(label(LABEL_MAC1), ownPublicKey);
    this.#cookieKey = hash(label(LABEL_COOKIE), ownPublicKey);
    this.#random = random;
  }

  /** Whether the sender of the handshake message knows our public key. Spec: WG 5.4.4. */
  hasValidMac1(bytes: Uint8Array, start: number, end: number): boolean {
    const mac1At = end - 2 * MAC_BYTES;
    const expected = mac(this.#mac1Key, bytes, start, mac1At);
    return constantTimeEqual(expected, 0, bytes, mac1At, MAC_BYTES);
  }

  /** Whether the sender received our current cookie at its address. Spec: WG 5.4.4. */
  hasValidMac2(
    bytes: Uint8Array,
    { start, end, nowMs }: MessageAt,
    source: Uint8Array,
  ): boolean {
    if (this.#isSecretOld(nowMs)) return false;
    const mac2At = end - MAC_BYTES;
    const expected = mac(mac(this.#secret, source), bytes, start, mac2At);
    return constantTimeEqual(expected, 0, bytes, mac2At, MAC_BYTES);
  }

  /**
   * Writes into `out` at `offset` the cookie reply, 64 bytes, to the handshake message described by
   * `to`, whose mac1 is valid. Spec: WG 5.4.7.
   */
  writeCookieReply(
    out: Uint8Array,
    offset: number,
    to: { bytes: Uint8Array; end: number; sender: number; source: Uint8Array; nowMs: number },
  ): void {
    if (this.#isSecretOld(to.nowMs)) {
      this.#random(this.#secret);
      this.#secretAtMs = to.nowMs;
    }
    const nonce = new Uint8Array(COOKIE_NONCE_BYTES);
    this.#random(nonce);
    const mac1 = copy(to.bytes, to.end - 2 * MAC_BYTES, MAC_BYTES);
    const cookie = mac(this.#secret, to.source);
    writeU32(out, offset, MESSAGE_TYPE.cookie);
    writeU32(out, offset + COOKIE_REPLY.receiver, to.sender);
    out.set(nonce, offset + COOKIE_REPLY.nonce);
    out.set(
      xchacha20poly1305(this.#cookieKey, nonce, mac1).encrypt(cookie),
      offset + COOKIE_REPLY.encryptedCookie,
    );
  }

  /** Overwrites the secret; every cookie made so far becomes invalid. */
  wipe(): void {
    this.#secret.fill(0);
    this.#secretAtMs = -Infinity;
  }

  #isSecretOld(nowMs: number): boolean {
    return nowMs - this.#secretAtMs >= COOKIE_LIFETIME_MS;
  }
}
