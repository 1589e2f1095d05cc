import { decodeHex, encodeHex } from "../../core/bytes/mod.ts";

/** Version of what hub and UDP host say to each other. */
export const LINK_VERSION = 1;

/** Path of a hub, behind that of its URL, at which UDP hosts open their WebSocket. */
export const LINK_PATH = "/udp-relay";

/** Length of a nonce in bytes. */
export const NONCE_BYTES = 32;

/** Length of a proof in bytes: an HMAC-SHA256. */
export const PROOF_BYTES = 32;

/** Bytes, as they are kept here. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** What a UDP host says first: where peers find it, and a nonce. */
export interface Hello {
  /** Of all hellos. */
  readonly type: "hello";
  /** {@linkcode NONCE_BYTES} bytes at random. */
  readonly nonce: Bytes;
  /** Public name or address, never "". */
  readonly host: string;
  /** Public UDP port, 1 to 65535. */
  readonly port: number;
}

/** One text between hub and UDP host. The order is told in the folder's README. */
export type LinkMessage =
  | Hello
  /** Hub: its own nonce, and the proof that it knows the secret. */
  | { readonly type: "challenge"; readonly nonce: Bytes; readonly proof: Bytes }
  /** Host: the proof that it knows the secret. */
  | { readonly type: "proof"; readonly proof: Bytes }
  /** Hub: these two tokens belong together. */
  | { readonly type: "pair"; readonly tokens: readonly [Bytes, Bytes] }
  /** Hub: all pairs that exist have been told; any other is to be forgotten. */
  | { readonly type: "synced" }
  /** Hub: the pair that this token belongs to has ended. */
  | { readonly type: "end"; readonly token: Bytes }
  /** Hub: the end with this token has sent DATA by WebSocket. */
  | { readonly type: "used-websocket"; readonly token: Bytes };

const TOKEN_BYTES = 8;

/** A name or an address that can stand in an offer. */
const HOST = /^[A-Za-z0-9._:-]{1,253}$/;

/** Whether a host can be told to peers. */
export function isHost(host: string): boolean {
  return HOST.test(host);
}

/** The JSON text of a message. */
export function encodeLink(message: LinkMessage): string {
  const version = message.type === "hello" ? { version: LINK_VERSION } : {};
  return JSON.stringify(
    { ...message, ...version },
    (_, value) => value instanceof Uint8Array ? encodeHex(value) : value,
  );
}

function bytesOf(value: unknown, lenBytes: number): Bytes | undefined {
  const bytes = typeof value === "string" ? decodeHex(value) : undefined;
  return bytes?.length === lenBytes ? bytes as Bytes : undefined;
}

function helloOf({ version, nonce, host, port }: Record<string, unknown>): Hello | undefined {
  const bytes = bytesOf(nonce, NONCE_BYTES);
  const isPort = typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65536;
  if (version !== LINK_VERSION || bytes === undefined || !isPort) return undefined;
  if (typeof host !== "string" || !isHost(host)) return undefined;
  return { type: "hello", nonce: bytes, host, port };
}

function pairOf(tokens: unknown): LinkMessage | undefined {
  if (!Array.isArray(tokens) || tokens.length !== 2) return undefined;
  const [first, second] = tokens.map((token) => bytesOf(token, TOKEN_BYTES));
  return first && second && { type: "pair", tokens: [first, second] };
}

/** The message of a text, or `undefined` if it is none. Never throws. */
export function parseLink(text: string): LinkMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: no message.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const fields = value as Record<string, unknown>;
  const { type } = fields;
  const token = bytesOf(fields.token, TOKEN_BYTES);
  const nonce = bytesOf(fields.nonce, NONCE_BYTES);
  const proof = bytesOf(fields.proof, PROOF_BYTES);
  if (type === "hello") return helloOf(fields);
  if (type === "challenge") return nonce && proof && { type, nonce, proof };
  if (type === "proof") return proof && { type, proof };
  if (type === "pair") return pairOf(fields.tokens);
  if (type === "synced") return { type };
  if (type === "end" || type === "used-websocket") return token && { type, token };
  return undefined;
}
