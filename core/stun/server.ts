import type { Endpoint } from "../endpoint/mod.ts";
import {
  encodeBindingSuccess,
  encodeUnknownAttributes,
  readStunMessage,
  type StunDrop,
  transactionId,
} from "./message.ts";

/** Unknown attributes that an error names; more would make answers longer than requests. */
const MAX_NAMED_ATTRIBUTES = 2;

/**
 * The answer to a datagram that came from `source`, or why there is none. An answer has at most 24
 * bytes more than its request, so that forged sources gain little; limiting the rate is left to the
 * caller. `bytes` is borrowed. Never throws.
 *
 * Spec: RFC 8489 §6.3.1. Deviation: an error names at most two unknown attributes and has no text.
 */
export function answerBindingRequest(
  bytes: Uint8Array,
  source: Endpoint,
): Uint8Array<ArrayBuffer> | StunDrop | "not-request" {
  const message = readStunMessage(bytes);
  if (message.kind === "drop") return message.reason;
  if (message.kind !== "request") return "not-request";
  const id = transactionId(bytes);
  if (message.unknown.length === 0) return encodeBindingSuccess(id, source);
  return encodeUnknownAttributes(id, message.unknown.slice(0, MAX_NAMED_ATTRIBUTES));
}
