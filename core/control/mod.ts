/**
 * Control messages: the JSON texts that hub, agent and client exchange, parsed once into types.
 *
 * @example
 * ```ts
 * import { encodeControl, parseControl } from "./mod.ts";
 *
 * const text = encodeControl({ type: "ready", sessionIdx: 7 });
 * const message = parseControl(text);
 * if (message.type === "ready") console.log(message.sessionIdx); // 7
 * ```
 *
 * @module
 */

export type {
  Connect,
  ControlMessage,
  DefaultUpdate,
  ErrorMessage,
  Json,
  JsonObject,
  Keepalive,
  Message,
  MgmtRequest,
  MgmtResponse,
  PeerCandidates,
  PeerEndpoint,
  PeerHello,
  PeerLeave,
  Ready,
  Register,
  Registered,
  ServiceDescription,
  SessionEnd,
  SessionJoin,
  SessionRequest,
  SessionStart,
  UdpOffer,
  WgPubkey,
} from "./messages.ts";
export { isJsonObject, parseJsonObject } from "./json_object.ts";
export { encodeControl, type InvalidMessage, parseControl, type UnknownMessage } from "./parse.ts";
