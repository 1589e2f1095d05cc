import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Looks in a row, of which the middle one counts: the compiler may interfere with others. */
const LOOKS = 9;

/** How often work is done before the first looks; each time twice as often as the last. */
const FIRST_WARM_UP = 50;

/** Before the last looks it is done for half a minute: by then the compiler is done. */
const MAX_ROUNDS = 9;

setFlagsFromString("--expose-gc");

/** Collects all garbage there is. */
export const collectGarbage: () => void = runInNewContext("gc");

/** What garbage is measured of. */
export interface GarbageOptions {
  /** Does some pieces of work, few enough for no collection to come between; returns how many. */
  work: () => number | Promise<number>;
  /** What the process uses, as `Deno.memoryUsage`. */
  memoryUsage: () => { heapUsed: number; external: number };
  /** What each piece of work is to leave less than, in bytes. */
  maxBytes: number;
}

/**
 * Bytes that are left, on the heap and beside it, for each piece of work, once it leaves less than
 * `maxBytes` or the compiler must be done. Code that is not optimised yet leaves several times as much.
 * When it will be is up to threads that wait for a busy machine, and each look throws away what they
 * have not finished: so they are given ever more time between looks.
 */
export async function garbageBytes(
  { work, memoryUsage, maxBytes }: GarbageOptions,
): Promise<number> {
  const usedBytes = () => {
    const { heapUsed, external } = memoryUsage();
    return heapUsed + external;
  };
  let middle = Infinity;
  for (let round = 0; round < MAX_ROUNDS && middle >= maxBytes; round++) {
    for (let i = 0; i < FIRST_WARM_UP << round; i++) await work();
    const looks: number[] = [];
    for (let i = 0; i < LOOKS; i++) {
      collectGarbage();
      const before = usedBytes();
      const pieces = await work();
      looks.push((usedBytes() - before) / pieces);
    }
    middle = looks.sort((a, b) => a - b)[LOOKS >> 1]!;
  }
  return middle;
}
