import type { ControlMessage, Json, Message } from "./messages.ts";
import {
  defaultUpdate,
  fieldReader,
  fieldsOf,
  flag,
  ILL_TYPED,
  integer,
  list,
  opaque,
  opaqueObject,
  optional,
  port,
  type Schema,
  service,
  text,
} from "./read.ts";

type MessageType = ControlMessage["type"];
type Body<T extends MessageType> = Omit<Extract<ControlMessage, { type: T }>, "type">;
type Schemas = { readonly [T in MessageType]: Schema<Body<T>> };

const ports = optional(list(port));
const optionalText = optional(text);

/** The fields of each message that must have the right type. Spec: wire.md 2.2 to 2.8 */
const SCHEMAS: Schemas = {
  "connect": {
    machineId: text,
    wgPubKey: optionalText,
    token: optionalText,
    protocolVersion: optional(integer),
    ports,
    udpGrace: optional(integer),
  },
  "error": { message: text },
  "keepalive": {},
  "mgmt-request": { requestId: text, action: text, payload: optional(opaque) },
  "mgmt-response": {
    requestId: text,
    ok: flag,
    message: optionalText,
    payload: optional(opaque),
  },
  "peer-candidates": { candidates: list(text) },
  "peer-endpoint": { message: text },
  "peer-hello": {
    version: integer,
    features: optional(list(text)),
    identity: optionalText,
    signature: optionalText,
  },
  "peer-leave": {},
  "ready": { sessionIdx: integer },
  "register": {
    agentId: text,
    machineName: text,
    protocolVersion: optional(integer),
    machineRegistrationId: optionalText,
    token: optionalText,
    ports,
    services: optional(list(service)),
    displayName: optionalText,
    hostname: optionalText,
    os: optionalText,
    agentVersion: optionalText,
    location: optionalText,
    owner: optionalText,
    tags: optional(list(text)),
    capabilities: optional(opaqueObject),
  },
  "registered": { machineId: text, defaultUpdate: optional(defaultUpdate) },
  "session-end": { final: optional(flag), wgPubKey: optionalText },
  "session-join": { machineId: text, sessionId: text, udpGrace: optional(integer) },
  "session-request": {
    sessionId: text,
    sessionIdx: integer,
    wgPubKey: text,
    allowedPorts: ports,
  },
  "session-start": { wgPubKey: optionalText },
  "udp-offer": { token: text, port, host: optionalText },
  "wg-pubkey": { wgPubKey: text, ports, capabilities: optional(opaqueObject) },
};

const READERS = new Map(
  Object.entries(SCHEMAS).map(([type, schema]) => [type, fieldReader(schema as Schema<object>)]),
);

/** A well-formed message of a type that this implementation does not know; peers ignore it. */
export interface UnknownMessage extends Message<"unknown"> {
  /** Its `type` on the wire. */
  name: string;
}

/** A text that is no control message, and why. */
export interface InvalidMessage extends Message<"invalid"> {
  /** What is wrong with it. */
  reason: "not-json" | "not-object" | "no-type" | "ill-typed";
}

function invalid(reason: InvalidMessage["reason"]): InvalidMessage {
  return { type: "invalid", reason };
}

/**
 * Parses the text of a WebSocket message, once, into a typed value. Never throws.
 *
 * Field names match in any letter case, unknown fields are ignored, null counts as absent; a known
 * field of the wrong JSON type makes the whole message invalid.
 *
 * Spec: wire.md 1.2, 2. Deviation: an integer written `22.0` or `1e3` is taken for the integer that
 * it is; the reference refuses it.
 */
export function parseControl(json: string): ControlMessage | UnknownMessage | InvalidMessage {
  let value: Json;
  try {
    value = JSON.parse(json);
  } catch {
    return invalid("not-json");
  }
  const object = opaqueObject(value ?? []);
  if (object === ILL_TYPED) return invalid("not-object");
  const fields = fieldsOf(object);
  const type = fields.get("type");
  if (typeof type !== "string" || type === "") return invalid("no-type");
  const read = READERS.get(type);
  if (read === undefined) return { type: "unknown", name: type };
  const body = read(fields);
  return body === ILL_TYPED ? invalid("ill-typed") : { ...body, type } as ControlMessage;
}

/** The text of a message as it goes on the wire; fields that are `undefined` are left out. */
export function encodeControl(message: ControlMessage): string {
  return JSON.stringify(message);
}
