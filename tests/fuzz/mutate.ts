import { checksum } from "../../core/tcp/scripts/mod.ts";
import type { Rng } from "../simnet/mod.ts";
import type { Draft, Target } from "./target.ts";

const FLAGS = ["A", "A", "A", "A", "A", "AP", "FA", "SA", "S", "F", "R", "RA", "", "SF", "SFRPAU"];
const LENGTHS = [0, 0, 0, 1, 10, 500, 1000, 1000, 3000, 6000];
const WINDOWS = [0, 1, 100, 1000, 3000, 60000, 60000, 65535];
const RAW = [
  "00000000",
  "02000000",
  "0101050a",
  "080a0000",
  "fe06deadbeef0101",
  "0402040204020402",
];

/** Initial numbers on and beside the edges of the number space. */
export const INITIAL_NUMBERS: readonly number[] = [
  0,
  1,
  0x7fffffff,
  0x80000000,
  0xfffffffe,
  0xffffffff,
  0xfffff000,
  0x12345678,
];

/** One of `values`. */
export function pick<T>(rng: Rng, values: readonly T[]): T {
  return values[rng.below(values.length)]!;
}

/** A number that matters: on or beside one of `marks`, between them, or anywhere. */
function near(rng: Rng, marks: readonly number[]): number {
  const mark = pick(rng, marks);
  switch (rng.below(8)) {
    case 0:
      return mark - 1;
    case 1:
      return mark + 1;
    case 2:
      return mark - rng.below(3000);
    case 3:
      return mark + rng.below(20_000);
    case 4:
      return rng.below(5) === 0 ? rng.below(2 ** 32) - 2 ** 31 : mark;
    default:
      return mark;
  }
}

/** A segment made of what the connection has said: near its edges, or wild. */
export function randomSegment(target: Target, rng: Rng): Draft {
  const { acked, edge, sndMax } = target.checker;
  const flags = pick(rng, FLAGS);
  const draft: Draft = {
    flags,
    seq: near(rng, [acked, acked, acked, acked + 1000, edge, 0]),
    lengthBytes: pick(rng, LENGTHS),
    window: pick(rng, WINDOWS),
  };
  if (flags.includes("A")) draft.ack = near(rng, [sndMax, sndMax, sndMax - rng.below(2000), 0, 1]);
  if (flags.includes("S") || rng.below(20) === 0) {
    if (rng.below(2) === 0) draft.mss = pick(rng, [0, 1, 536, 1000, 65535]);
    if (rng.below(2) === 0) draft.windowScale = pick(rng, [0, 1, 14, 15, 255]);
    if (rng.below(2) === 0) draft.sackPermitted = true;
  }
  // Where they are agreed on, little gets through without them.
  const stamped = target.timestamps ? rng.below(8) > 0 : rng.below(4) === 0;
  if (stamped) draft.timestamps = [pick(rng, [999, 1000, 1001, 2 ** 32 - 1]), 0];
  if (rng.below(6) === 0) {
    const edges = () => near(rng, [sndMax, sndMax - rng.below(5000), 1]);
    draft.sack = Array.from({ length: 1 + rng.below(2) }, () => [edges(), edges()] as const);
  } else if (rng.below(20) === 0) draft.rawOptions = hexBytes(pick(rng, RAW));
  if (rng.below(10) === 0) draft.foreign = true;
  if (rng.below(30) === 0) draft.badChecksum = true;
  if (rng.below(30) === 0) draft.headerWords = rng.below(16);
  if (rng.below(30) === 0) draft.cutBytes = rng.below(60);
  return draft;
}

/** Changes some bytes of a segment and corrects its checksum, so that it gets beyond that. */
export function mutateSegment(bytes: Uint8Array<ArrayBuffer>, rng: Rng): void {
  for (let i = rng.below(4); i >= 0; i--) {
    bytes[rng.below(Math.min(bytes.length, 64))] = rng.below(256);
  }
  if (bytes.length < 20) return;
  bytes[16] = bytes[17] = 0;
  const sum = checksum(bytes, 0);
  bytes[16] = sum >> 8;
  bytes[17] = sum & 0xff;
}

function hexBytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g)!, (digits) => parseInt(digits, 16));
}
