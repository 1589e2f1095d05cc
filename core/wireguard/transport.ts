import type { Packet } from "../bytes/mod.ts";
import { isCounterSpent, type Keypair } from "./keypair.ts";
import { DATA, MESSAGE_TYPE, readU32 } from "./messages.ts";
import { PADDING_BYTES, TAG_BYTES } from "./specification.ts";

/** Bytes behind a packet that sealing may need: padding and tag. */
const MAX_TRAILER_BYTES = PADDING_BYTES - 1 + TAG_BYTES;

/** @throws {RangeError} if the packet lacks the room for the header before or the trailer behind */
export function checkRoom({ bytes, start, end }: Packet): void {
  const tailroom = bytes.length - end;
  if (start >= DATA.payload && tailroom >= MAX_TRAILER_BYTES) return;
  throw new RangeError(
    `Cannot seal a packet: headroom ${start} and tailroom ${tailroom} bytes, ` +
      `must be at least ${DATA.payload} and ${MAX_TRAILER_BYTES}`,
  );
}

/**
 * Turns an inner packet into a data message in place: pads with zeros to a multiple of 16 bytes but
 * not beyond the MTU, takes the next counter, encrypts. Spec: WG 5.4.6.
 */
export function sealPacket(packet: Packet, keypair: Keypair, mtuBytes: number): void {
  const { bytes, view, lenBytes, start: plainAt } = packet;
  const paddedBytes = Math.min(
    lenBytes + PADDING_BYTES - 1 & -PADDING_BYTES,
    Math.max(lenBytes, mtuBytes),
  );
  const plainEnd = plainAt + paddedBytes;
  bytes.fill(0, packet.end, plainEnd);
  const { sendHigh, sendLow } = keypair;
  keypair.advanceCounter();
  const start = plainAt - DATA.payload;
  view.setUint32(start, MESSAGE_TYPE.data, true);
  view.setUint32(start + DATA.receiver, keypair.remoteIndex, true);
  view.setUint32(start + DATA.counterLow, sendLow, true);
  view.setUint32(start + DATA.counterHigh, sendHigh, true);
  keypair.sendCipher.seal(sendHigh, sendLow, bytes, plainAt, plainEnd);
  packet.start = start;
  packet.end = plainEnd + TAG_BYTES;
}

/** Why a data message is refused. */
export type OpenFailure = "expired" | "counter-spent" | "replayed" | "unauthentic";

/**
 * Opens in place the data message from `start` to `end`, whose receiver index names the keypair;
 * borrows `bytes`. A refused message changes neither the keypair nor `bytes`. Spec: WG 5.4.6.
 */
export function openMessage(
  bytes: Uint8Array,
  { start, end, nowMs }: { start: number; end: number; nowMs: number },
  keypair: Keypair,
): OpenFailure | "opened" {
  if (keypair.isExpired(nowMs)) return "expired";
  const low = readU32(bytes, start + DATA.counterLow);
  const high = readU32(bytes, start + DATA.counterHigh);
  if (isCounterSpent(high, low)) return "counter-spent";
  // Before the cipher, so that a flood of duplicates is cheap.
  if (!keypair.window.isNew(high, low)) return "replayed";
  if (!keypair.receiveCipher.open(high, low, bytes, start + DATA.payload, end)) {
    return "unauthentic";
  }
  keypair.window.mark(high, low);
  return "opened";
}
