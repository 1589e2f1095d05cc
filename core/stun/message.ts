import { type Endpoint, endpointOf } from "../endpoint/mod.ts";
import {
  Attribute,
  FIRST_OPTIONAL_ATTRIBUTE,
  HARMLESS_ATTRIBUTES,
  MAGIC_COOKIE,
  MessageType,
  STUN_HEADER_BYTES,
  TRANSACTION_ID_BYTES,
} from "./specification.ts";

const TRANSACTION_ID_AT = 8;
const FAMILY_IPV4 = 1;
const FAMILY_IPV6 = 2;

/** Why a datagram is no STUN message that one can use. */
export type StunDrop =
  | "bad-address"
  | "bad-attribute"
  | "bad-length"
  | "no-address"
  | "not-stun"
  | "unknown-attribute"
  | "unknown-type";

/** A STUN message, read once. */
export type StunMessage =
  | { readonly kind: "request"; readonly unknown: readonly number[] }
  | { readonly kind: "indication" }
  | { readonly kind: "success"; readonly mapped: Endpoint }
  | { readonly kind: "error" }
  | { readonly kind: "drop"; readonly reason: StunDrop };

function drop(reason: StunDrop): StunMessage {
  return { kind: "drop", reason };
}

/**
 * Whether a datagram of the direct path is meant for STUN: two zero bits, then the cookie. A relay
 * frame with a WireGuard message cannot look so. Spec: RFC 8489 §5, wire.md 5.5
 */
export function looksLikeStun(bytes: Uint8Array): boolean {
  return bytes.length >= STUN_HEADER_BYTES && bytes[0]! < 0x40 && bytes[4] === 0x21 &&
    bytes[5] === 0x12 && bytes[6] === 0xa4 && bytes[7] === 0x42;
}

/** The transaction of a message for which {@linkcode looksLikeStun} holds; a view of it. */
export function transactionId(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(TRANSACTION_ID_AT, TRANSACTION_ID_AT + TRANSACTION_ID_BYTES);
}

interface Attributes {
  mapped: Uint8Array | undefined;
  unknown: number[];
}

/** What the attributes say, or `undefined` if one runs over the end. */
function readAttributes(bytes: Uint8Array): Attributes | undefined {
  const found: Attributes = { mapped: undefined, unknown: [] };
  for (let at = STUN_HEADER_BYTES; at < bytes.length;) {
    const type = bytes[at]! * 256 + bytes[at + 1]!;
    const lenBytes = bytes[at + 2]! * 256 + bytes[at + 3]!;
    const valueAt = at + 4;
    if (valueAt + lenBytes > bytes.length) return undefined;
    // What follows an integrity attribute is not covered by it and not to be believed: RFC 8489 §14.5.
    const isIntegrity = type === Attribute.messageIntegrity ||
      type === Attribute.messageIntegritySha256;
    if (isIntegrity) break;
    if (type === Attribute.xorMappedAddress) {
      found.mapped ??= bytes.subarray(valueAt, valueAt + lenBytes);
    } else if (type < FIRST_OPTIONAL_ATTRIBUTE && !HARMLESS_ATTRIBUTES.has(type)) {
      found.unknown.push(type);
    }
    at = valueAt + ((lenBytes + 3) & ~3);
  }
  return found;
}

/** Undoes or applies the XOR of an address: with the cookie, then with the transaction. */
function xorAddress(address: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(address, (byte, i) => byte ^ message[4 + i]!);
}

function readMapped(value: Uint8Array, message: Uint8Array): Endpoint | undefined {
  const lenBytes = value[1] === FAMILY_IPV4 ? 4 : value[1] === FAMILY_IPV6 ? 16 : -1;
  if (value.length !== 4 + lenBytes) return undefined;
  const port = (value[2]! * 256 + value[3]!) ^ (MAGIC_COOKIE >>> 16);
  return endpointOf(xorAddress(value.subarray(4), message), port);
}

/**
 * Reads a Binding message; `bytes` is borrowed. Attributes that need not be understood are skipped,
 * FINGERPRINT among them, whose absence or value proves nothing here. Never throws.
 *
 * Spec: RFC 8489 §6.3, §14
 */
export function readStunMessage(bytes: Uint8Array): StunMessage {
  if (!looksLikeStun(bytes)) return drop("not-stun");
  const lenBytes = bytes[2]! * 256 + bytes[3]!;
  if (lenBytes % 4 !== 0 || lenBytes !== bytes.length - STUN_HEADER_BYTES) {
    return drop("bad-length");
  }
  const attributes = readAttributes(bytes);
  if (attributes === undefined) return drop("bad-attribute");
  const { mapped, unknown } = attributes;
  switch (bytes[0]! * 256 + bytes[1]!) {
    case MessageType.bindingRequest:
      return { kind: "request", unknown };
    case MessageType.bindingIndication:
      return { kind: "indication" };
    case MessageType.bindingError:
      return { kind: "error" };
    case MessageType.bindingSuccess: {
      // RFC 8489 §6.3.3: not to be used, as it may say what we do not understand.
      if (unknown.length > 0) return drop("unknown-attribute");
      if (mapped === undefined) return drop("no-address");
      const endpoint = readMapped(mapped, bytes);
      return endpoint ? { kind: "success", mapped: endpoint } : drop("bad-address");
    }
    default:
      return drop("unknown-type");
  }
}

function newMessage(type: number, bodyBytes: number, id: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(STUN_HEADER_BYTES + bodyBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, type);
  view.setUint16(2, bodyBytes);
  view.setUint32(4, MAGIC_COOKIE);
  bytes.set(id, TRANSACTION_ID_AT);
  return bytes;
}

/** A Binding request without attributes, 20 bytes. `id` has 12 bytes, copied. */
export function encodeBindingRequest(id: Uint8Array): Uint8Array<ArrayBuffer> {
  return newMessage(MessageType.bindingRequest, 0, id);
}

/** A Binding success response, 32 bytes for IPv4 and 44 for IPv6. `id` has 12 bytes, copied. */
export function encodeBindingSuccess(id: Uint8Array, mapped: Endpoint): Uint8Array<ArrayBuffer> {
  const lenBytes = mapped.address.length;
  const bytes = newMessage(MessageType.bindingSuccess, 8 + lenBytes, id);
  const view = new DataView(bytes.buffer);
  view.setUint16(20, Attribute.xorMappedAddress);
  view.setUint16(22, 4 + lenBytes);
  bytes[25] = lenBytes === 4 ? FAMILY_IPV4 : FAMILY_IPV6;
  view.setUint16(26, mapped.port ^ (MAGIC_COOKIE >>> 16));
  bytes.set(xorAddress(mapped.address, bytes), 28);
  return bytes;
}

/** The error that names attributes which the server had to understand and did not. */
export function encodeUnknownAttributes(
  id: Uint8Array,
  unknown: readonly number[],
): Uint8Array<ArrayBuffer> {
  const paddedBytes = (2 * unknown.length + 3) & ~3;
  const bytes = newMessage(MessageType.bindingError, 12 + paddedBytes, id);
  const view = new DataView(bytes.buffer);
  view.setUint16(20, Attribute.errorCode);
  view.setUint16(22, 4);
  view.setUint16(26, 0x0414); // 420: class 4, number 20
  view.setUint16(28, Attribute.unknownAttributes);
  view.setUint16(30, 2 * unknown.length);
  unknown.forEach((type, i) => view.setUint16(32 + 2 * i, type));
  return bytes;
}
