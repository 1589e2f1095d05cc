import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hash, kdf, label } from "./hash.ts";
import { CONSTRUCTION, IDENTIFIER } from "./specification.ts";

const INITIAL_CHAIN_KEY = hash(label(CONSTRUCTION));
const INITIAL_HASH = hash(INITIAL_CHAIN_KEY, label(IDENTIFIER));

/** Each handshake key encrypts once, so its nonce is always zero. */
const ZERO_NONCE = new Uint8Array(12);
const NOTHING = new Uint8Array(0);

/** The two keys of a session, as seen from one end. The owner wipes them. */
export interface TransportKeys {
  /** Key for what this end sends. */
  readonly send: Uint8Array;
  /** Key for what this end receives. */
  readonly receive: Uint8Array;
}

/**
 * Chaining key and transcript hash of one handshake. Both roles perform the same operations in the
 * same order; whatever differs on the way makes every later tag wrong.
 *
 * Spec: WG 5.4; Noise §5.2 `SymmetricState`.
 */
export class SymmetricState {
  readonly #chainKey: Uint8Array;
  #hash: Uint8Array;

  private constructor(chainKey: Uint8Array, transcript: Uint8Array) {
    this.#chainKey = chainKey.slice();
    this.#hash = transcript;
  }

  /** The state at the start, bound to the responder's static public key. */
  static begin(responderPublicKey: Uint8Array): SymmetricState {
    return new SymmetricState(INITIAL_CHAIN_KEY, hash(INITIAL_HASH, responderPublicKey));
  }

  /** A copy that goes on while this one stays, so that a forged message leaves no trace. */
  clone(): SymmetricState {
    return new SymmetricState(this.#chainKey, this.#hash);
  }

  /** Puts public data, or the ciphertext of private data, into the transcript. */
  mixHash(data: Uint8Array): void {
    this.#hash = hash(this.#hash, data);
  }

  /** Mixes an ephemeral public key into transcript and chaining key. */
  mixEphemeral(publicKey: Uint8Array): void {
    this.mixHash(publicKey);
    this.#setChainKey(kdf(this.#chainKey, publicKey, 1)[0]!);
  }

  /** Mixes a shared secret, which is wiped if `wipe`, into the chaining key; returns a new key. */
  mixSecret(secret: Uint8Array, { wipe }: { wipe: boolean }): Uint8Array {
    const [chainKey, key] = kdf(this.#chainKey, secret, 2);
    if (wipe) secret.fill(0);
    this.#setChainKey(chainKey!);
    return key!;
  }

  /** Mixes the preshared key into chaining key and transcript; returns a new key. */
  mixPresharedKey(presharedKey: Uint8Array): Uint8Array {
    const [chainKey, tau, key] = kdf(this.#chainKey, presharedKey, 3);
    this.#setChainKey(chainKey!);
    this.mixHash(tau!);
    tau!.fill(0);
    return key!;
  }

  /** Encrypts, bound to the transcript, and mixes in the ciphertext; wipes the key. */
  encrypt(key: Uint8Array, plain: Uint8Array): Uint8Array {
    const sealed = chacha20poly1305(key, ZERO_NONCE, this.#hash).encrypt(plain);
    key.fill(0);
    this.mixHash(sealed);
    return sealed;
  }

  /** Inverse of `encrypt`; `undefined` if anything up to here differs from what the peer did. */
  decrypt(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    try {
      const plain = chacha20poly1305(key, ZERO_NONCE, this.#hash).decrypt(sealed);
      this.mixHash(sealed);
      return plain;
    } catch {
      // The library throws for a wrong tag, the only failure that fixed lengths leave.
      return undefined;
    } finally {
      key.fill(0);
    }
  }

  /** Ends the handshake: the session's keys as the initiator sees them; wipes this state. */
  splitAsInitiator(): TransportKeys {
    const [send, receive] = kdf(this.#chainKey, NOTHING, 2);
    this.wipe();
    return { send: send!, receive: receive! };
  }

  /** Ends the handshake: the session's keys as the responder sees them; wipes this state. */
  splitAsResponder(): TransportKeys {
    const { send, receive } = this.splitAsInitiator();
    return { send: receive, receive: send };
  }

  /** Overwrites the secret part. */
  wipe(): void {
    this.#chainKey.fill(0);
  }

  #setChainKey(next: Uint8Array): void {
    this.#chainKey.set(next);
    next.fill(0);
  }
}
