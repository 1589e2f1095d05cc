import {
  readRelayFrame,
  RELAY_HEADER_BYTES,
  RelayFlags,
  writeRelayHeader,
} from "../../core/relay/mod.ts";

/** What stands for a WireGuard message in the lab: authentic if it knows the secret of the tunnel. */
export interface LabMessage {
  readonly kind: "data" | "ping" | "pong";
  /** Number of the packet or question, 32 bits. */
  readonly id: number;
}

const KINDS: readonly LabMessage["kind"][] = ["data", "ping", "pong"];

/** Encodes a message into a relay frame, as it goes directly or through the hub. */
export function sealMessage({ kind, id }: LabMessage, secret: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(RELAY_HEADER_BYTES + 9);
  writeRelayHeader(bytes, 0, RelayFlags.data, 0x01020304);
  const view = new DataView(bytes.buffer, RELAY_HEADER_BYTES);
  view.setUint8(0, KINDS.indexOf(kind));
  view.setUint32(1, id);
  view.setUint32(5, secret);
  return bytes;
}

/** The message in a relay frame, or `undefined` if it is not authentic. */
export function openMessage(bytes: Uint8Array, secret: number): LabMessage | undefined {
  if (readRelayFrame(bytes, 0, bytes.length) !== "data") return undefined;
  if (bytes.length !== RELAY_HEADER_BYTES + 9) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + RELAY_HEADER_BYTES);
  const kind = KINDS[view.getUint8(0)];
  if (kind === undefined || view.getUint32(5) !== secret) return undefined;
  return { kind, id: view.getUint32(1) };
}
