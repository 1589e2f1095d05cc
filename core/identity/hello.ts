import { ed25519 } from "@noble/curves/ed25519.js";
import { decodeHex, encodeHex } from "../bytes/mod.ts";
import type { PeerHello } from "../control/mod.ts";
import { type AgentIdentity, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from "./agent_identity.ts";
import { fingerprintOf } from "./fingerprint.ts";

/** Version of the extensions between our own peers. */
export const HELLO_VERSION = 1;

/** The peer keeps the session for a new socket when the one it has is lost. */
export const FEATURE_RESUME = "resume";

/** The peer takes several paths at once and measures them. */
export const FEATURE_PATHS = "paths";

/** The peer takes data with a SYN, and may send before the handshake is complete (RFC 7413). */
export const FEATURE_SYN_DATA = "syn-data";

/** What our programs offer each other; to keep the session only where that is switched on. */
export function ownFeatures({ resumes }: { resumes: boolean }): string[] {
  return [FEATURE_PATHS, FEATURE_SYN_DATA, ...(resumes ? [FEATURE_RESUME] : [])];
}

/** Nothing else that an agent's key may sign begins like this. */
const DOMAIN = "tela peer-hello\0";

/** More is not a list of what a program can do. */
const MAX_FEATURES = 64;
const MAX_FEATURE_CHARS = 64;

/** What a signed hello is bound to: it is worth nothing in any other session. */
export interface HelloSession {
  /** Name of the machine, as the client asked for it. */
  machine: string;
  /** The agent's X25519 key of the session, 32 bytes. */
  agentKey: Uint8Array;
  /** The client's X25519 key of the session, 32 bytes. */
  clientKey: Uint8Array;
}

/** What an agent has proved by its hello. */
export interface ProvenAgent {
  /** Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** What people compare. */
  readonly fingerprint: string;
}

/** The bytes that are signed; each part has its length before it, so that none runs into the next. */
function transcript(
  { machine, agentKey, clientKey }: HelloSession,
  { version, features }: { version: number; features: readonly string[] },
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, version);
  const parts = [count, encoder.encode(machine), agentKey, clientKey];
  for (const feature of features.toSorted()) parts.push(encoder.encode(feature));
  const head = encoder.encode(DOMAIN);
  const out = new Uint8Array(head.length + parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(out.buffer);
  out.set(head);
  let at = head.length;
  for (const part of parts) {
    view.setUint32(at, part.length);
    out.set(part, at + 4);
    at += 4 + part.length;
  }
  return out;
}

/** A client's hello: it has no identity, the hub's grant says who it is. */
export function clientHello(features: readonly string[]): PeerHello {
  return { type: "peer-hello", version: HELLO_VERSION, features: [...features] };
}

/** An agent's hello, signed for one session. */
export function agentHello(
  identity: AgentIdentity,
  { features, ...session }: HelloSession & { features: readonly string[] },
): PeerHello {
  const version = HELLO_VERSION;
  return {
    type: "peer-hello",
    version,
    features: [...features],
    identity: encodeHex(identity.publicKey),
    signature: encodeHex(identity.sign(transcript(session, { version, features }))),
  };
}

/**
 * The agent that a hello proves to hold the agent's key of this session; undefined if it proves
 * nothing. Never throws.
 */
export function verifyHello(hello: PeerHello, session: HelloSession): ProvenAgent | undefined {
  const { version, features = [], identity = "", signature = "" } = hello;
  if (version < 0 || version > 0xffff_ffff || features.length > MAX_FEATURES) return undefined;
  if (features.some((feature) => feature.length > MAX_FEATURE_CHARS)) return undefined;
  const publicKey = decodeHex(identity);
  const signed = decodeHex(signature);
  if (publicKey?.length !== PUBLIC_KEY_BYTES || signed?.length !== SIGNATURE_BYTES) {
    return undefined;
  }
  const message = transcript(session, { version, features });
  // Strict: points of low order, for which anything verifies, and second encodings are refused.
  if (!ed25519.verify(signed, message, publicKey, { zip215: false })) return undefined;
  return { publicKey, fingerprint: fingerprintOf(publicKey) };
}
