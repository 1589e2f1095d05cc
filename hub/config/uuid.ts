import { encodeHex, type Random } from "../../core/bytes/mod.ts";

/** A random UUID, version 4. Spec: RFC 9562 §5.4 */
export function newUuid(random: Random): string {
  const bytes = new Uint8Array(16);
  random(bytes);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return encodeHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
