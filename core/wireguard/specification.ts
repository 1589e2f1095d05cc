/**
 * Constants of the protocol. Every implementation has the same; changing one breaks the wire.
 * Source: J. A. Donenfeld, "WireGuard: Next Generation Kernel Network Tunnel", called WG below.
 */

/** Name of the Noise handshake. Spec: WG 5.4. */
export const CONSTRUCTION = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
/** What binds the handshake to this protocol. Spec: WG 5.4. */
export const IDENTIFIER = "WireGuard v1 zx2c4 Jason@zx2c4.com";
/** Label under which the key of mac1 is derived. Spec: WG 5.4. */
export const LABEL_MAC1 = "mac1----";
/** Label under which the key that encrypts cookies is derived. Spec: WG 5.4. */
export const LABEL_COOKIE = "cookie--";

/** Length of an X25519 key, private or public, and of every symmetric key, in bytes. */
export const KEY_BYTES = 32;
/** Length of a BLAKE2s hash in bytes. */
export const HASH_BYTES = 32;
/** Length of mac1, mac2 and a cookie in bytes. */
export const MAC_BYTES = 16;
/** Length of a Poly1305 tag in bytes. */
export const TAG_BYTES = 16;
/** Length of the nonce of a cookie reply in bytes. */
export const COOKIE_NONCE_BYTES = 24;
/** Length of a TAI64N timestamp in bytes. */
export const TIMESTAMP_BYTES = 12;
/** Transport payloads are padded with zeros to a multiple of this many bytes. Spec: WG 5.4.6. */
export const PADDING_BYTES = 16;

/** An initiator rekeys a session this old as soon as it sends. Spec: WG 6.1. */
export const REKEY_AFTER_TIME_MS = 120_000;
/** A session this old neither sends nor receives. Spec: WG 6.1. */
export const REJECT_AFTER_TIME_MS = 180_000;
/** High half of REKEY_AFTER_MESSAGES, 2^60; the low half is 0. Spec: WG 6.1. */
export const REKEY_AFTER_MESSAGES_HIGH = 0x1000_0000;
/** High half of REJECT_AFTER_MESSAGES, 2^64 - 2^13 - 1. Spec: WG 6.1. */
export const REJECT_AFTER_MESSAGES_HIGH = 0xffff_ffff;
/** Low half of REJECT_AFTER_MESSAGES, 2^64 - 2^13 - 1. Spec: WG 6.1. */
export const REJECT_AFTER_MESSAGES_LOW = 0xffff_dfff;
/** Initiations are sent no more often than this, and repeated after it. Spec: WG 6.1, 6.4. */
export const REKEY_TIMEOUT_MS = 5_000;
/** An unanswered handshake is given up after this. Spec: WG 6.4. */
export const REKEY_ATTEMPT_TIME_MS = 90_000;
/** Received data is answered within this, by a keepalive if by nothing else. Spec: WG 6.5. */
export const KEEPALIVE_TIMEOUT_MS = 10_000;
/** A cookie, and the secret it is made from, lives this long. Spec: WG 5.4.7. */
export const COOKIE_LIFETIME_MS = 120_000;
