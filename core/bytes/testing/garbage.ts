import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Looks, of which the middle one counts: the compiler may still be at work in others. */
const LOOKS = 9;

setFlagsFromString("--expose-gc");

/** Collects all garbage there is. */
export const collectGarbage: () => void = runInNewContext("gc");

/** What garbage is measured of. */
export interface GarbageOptions {
  /** Does some pieces of work, few enough for no collection to come between; returns how many. */
  work: () => number | Promise<number>;
  /** What the process uses, as `Deno.memoryUsage`. */
  memoryUsage: () => { heapUsed: number; external: number };
}

/** Bytes that are left, on the heap and beside it, for each piece of work. */
export async function garbageBytes({ work, memoryUsage }: GarbageOptions): Promise<number> {
  const usedBytes = () => {
    const { heapUsed, external } = memoryUsage();
    return heapUsed + external;
  };
  const looks: number[] = [];
  for (let i = 0; i < LOOKS; i++) {
    collectGarbage();
    const before = usedBytes();
    const pieces = await work();
    looks.push((usedBytes() - before) / pieces);
  }
  return looks.sort((a, b) => a - b)[LOOKS >> 1]!;
}
