import type { Random } from "../bytes/mod.ts";
import { readU32 } from "./messages.ts";

/** A random unsigned 32-bit number. */
export function randomU32(random: Random): number {
  const bytes = new Uint8Array(4);
  random(bytes);
  return readU32(bytes, 0);
}
