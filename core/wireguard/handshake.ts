import type { Random } from "../bytes/mod.ts";
import { copy } from "./copy.ts";
import { constantTimeEqual } from "./equal.ts";
import { generatePrivateKey, publicKey, sharedSecret } from "./keys.ts";
import { INITIATION, MESSAGE_TYPE, readU32, RESPONSE, writeU32 } from "./messages.ts";
import { KEY_BYTES, TAG_BYTES, TIMESTAMP_BYTES } from "./specification.ts";
import { SymmetricState, type TransportKeys } from "./symmetric_state.ts";

const NOTHING = new Uint8Array(0);

/** The long-lived keys of both ends, and what follows from them alone. */
export interface Identity {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly peerPublicKey: Uint8Array;
  /** X25519 of own private and the peer's public key. */
  readonly staticShared: Uint8Array;
  /** All zeros where none is used. Spec: WG 5.2. */
  readonly presharedKey: Uint8Array;
}

/**
 * Copies and checks the keys of both ends.
 *
 * @throws {RangeError} if the peer's public key is a low-order point
 */
export function createIdentity(
  o: { privateKey: Uint8Array; peerPublicKey: Uint8Array; presharedKey?: Uint8Array },
): Identity {
  const staticShared = sharedSecret(o.privateKey, o.peerPublicKey);
  if (staticShared === undefined) {
    throw new RangeError("Cannot use peer public key: a low-order point, must be a real key");
  }
  return {
    privateKey: new Uint8Array(o.privateKey),
    publicKey: publicKey(o.privateKey),
    peerPublicKey: new Uint8Array(o.peerPublicKey),
    staticShared,
    presharedKey: new Uint8Array(o.presharedKey ?? new Uint8Array(KEY_BYTES)),
  };
}

/** An initiation that has been sent and may be answered. */
export interface PendingInitiation {
  readonly localIndex: number;
  readonly ephemeralPrivate: Uint8Array;
  readonly state: SymmetricState;
}

/** An authentic initiation that has been received and not yet answered. */
export interface ConsumedInitiation {
  readonly remoteIndex: number;
  readonly peerEphemeral: Uint8Array;
  readonly timestamp: Uint8Array;
  readonly state: SymmetricState;
}

/** Why a handshake message was refused. */
export type HandshakeFailure = "low-order" | "unauthentic" | "wrong-peer";

/** What a message is written with: into `bytes` at `offset`, macs left to the caller. */
export interface MessageTarget {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly localIndex: number;
  readonly random: Random;
}

/** Writes an initiation and returns what is needed to consume its response. Spec: WG 5.4.2. */
export function createInitiation(
  identity: Identity,
  { bytes, offset, localIndex, random, timestamp }: MessageTarget & { timestamp: Uint8Array },
): PendingInitiation {
  const state = SymmetricState.begin(identity.peerPublicKey);
  const ephemeralPrivate = generatePrivateKey(random);
  const ephemeral = publicKey(ephemeralPrivate);
  writeU32(bytes, offset, MESSAGE_TYPE.initiation);
  writeU32(bytes, offset + INITIATION.sender, localIndex);
  state.mixEphemeral(ephemeral);
  bytes.set(ephemeral, offset + INITIATION.ephemeral);
  // An own key cannot meet a low-order point here: the peer's static key was checked at the start.
  const staticKey = state.mixSecret(sharedSecret(ephemeralPrivate, identity.peerPublicKey)!, {
    wipe: true,
  });
  bytes.set(state.encrypt(staticKey, identity.publicKey), offset + INITIATION.encryptedStatic);
  const timestampKey = state.mixSecret(identity.staticShared, { wipe: false });
  bytes.set(state.encrypt(timestampKey, timestamp), offset + INITIATION.encryptedTimestamp);
  return { localIndex, ephemeralPrivate, state };
}

/**
 * Authenticates the initiation at `start`; borrows `bytes`. The caller still refuses a timestamp it
 * has seen, and wipes the state if it does not answer. Spec: WG 5.4.2.
 */
export function consumeInitiation(
  identity: Identity,
  bytes: Uint8Array,
  start: number,
): ConsumedInitiation | HandshakeFailure {
  const field = (offset: number, length: number) => copy(bytes, start + offset, length);
  const peerEphemeral = field(INITIATION.ephemeral, KEY_BYTES);
  const shared = sharedSecret(identity.privateKey, peerEphemeral);
  if (shared === undefined) return "low-order";
  const state = SymmetricState.begin(identity.publicKey);
  state.mixEphemeral(peerEphemeral);
  const staticKey = state.mixSecret(shared, { wipe: true });
  const sealedStatic = field(INITIATION.encryptedStatic, KEY_BYTES + TAG_BYTES);
  const peerStatic = state.decrypt(staticKey, sealedStatic);
  if (peerStatic === undefined) return fail(state, "unauthentic");
  if (!constantTimeEqual(peerStatic, 0, identity.peerPublicKey, 0, KEY_BYTES)) {
    return fail(state, "wrong-peer");
  }
  const timestampKey = state.mixSecret(identity.staticShared, { wipe: false });
  const sealedTimestamp = field(INITIATION.encryptedTimestamp, TIMESTAMP_BYTES + TAG_BYTES);
  const timestamp = state.decrypt(timestampKey, sealedTimestamp);
  if (timestamp === undefined) return fail(state, "unauthentic");
  return {
    remoteIndex: readU32(bytes, start + INITIATION.sender),
    peerEphemeral,
    timestamp,
    state,
  };
}

/**
 * Writes the response to a consumed initiation, whose state this ends, and returns the session's
 * keys. Spec: WG 5.4.3.
 */
export function createResponse(
  identity: Identity,
  consumed: ConsumedInitiation,
  { bytes, offset, localIndex, random }: MessageTarget,
): TransportKeys {
  const { state, peerEphemeral, remoteIndex } = consumed;
  const ephemeralPrivate = generatePrivateKey(random);
  const ephemeral = publicKey(ephemeralPrivate);
  // Neither is a low-order point: both met an own key before, which would have shown it.
  const ephemeralShared = sharedSecret(ephemeralPrivate, peerEphemeral)!;
  const staticShared = sharedSecret(ephemeralPrivate, identity.peerPublicKey)!;
  ephemeralPrivate.fill(0);
  writeU32(bytes, offset, MESSAGE_TYPE.response);
  writeU32(bytes, offset + RESPONSE.sender, localIndex);
  writeU32(bytes, offset + RESPONSE.receiver, remoteIndex);
  state.mixEphemeral(ephemeral);
  bytes.set(ephemeral, offset + RESPONSE.ephemeral);
  state.mixSecret(ephemeralShared, { wipe: true }).fill(0);
  state.mixSecret(staticShared, { wipe: true }).fill(0);
  const key = state.mixPresharedKey(identity.presharedKey);
  bytes.set(state.encrypt(key, NOTHING), offset + RESPONSE.encryptedNothing);
  return state.splitAsResponder();
}

/**
 * Authenticates the response at `start` and returns the session's keys; borrows `bytes` and leaves
 * `pending` as it was, so that a forged response does not harm the handshake. Spec: WG 5.4.3.
 */
export function consumeResponse(
  identity: Identity,
  pending: PendingInitiation,
  { bytes, start }: { bytes: Uint8Array; start: number },
): TransportKeys | HandshakeFailure {
  const field = (offset: number, length: number) => copy(bytes, start + offset, length);
  const peerEphemeral = field(RESPONSE.ephemeral, KEY_BYTES);
  const ephemeralShared = sharedSecret(pending.ephemeralPrivate, peerEphemeral);
  const staticShared = sharedSecret(identity.privateKey, peerEphemeral);
  if (ephemeralShared === undefined || staticShared === undefined) return "low-order";
  const state = pending.state.clone();
  state.mixEphemeral(peerEphemeral);
  state.mixSecret(ephemeralShared, { wipe: true }).fill(0);
  state.mixSecret(staticShared, { wipe: true }).fill(0);
  const key = state.mixPresharedKey(identity.presharedKey);
  if (state.decrypt(key, field(RESPONSE.encryptedNothing, TAG_BYTES)) === undefined) {
    return fail(state, "unauthentic");
  }
  return state.splitAsInitiator();
}

function fail(state: SymmetricState, reason: HandshakeFailure): HandshakeFailure {
  state.wipe();
  return reason;
}

/** Overwrites the secrets of an initiation that will not be answered any more. */
export function wipePending(pending: PendingInitiation): void {
  pending.ephemeralPrivate.fill(0);
  pending.state.wipe();
}
