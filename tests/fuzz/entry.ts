import { Rng } from "../simnet/mod.ts";
import { pick } from "./mutate.ts";
import { seedFrom, stepsFrom } from "./settings.ts";

/** A way into the program. */
export interface Entry {
  readonly name: string;
  /** Share of all steps. */
  readonly weight: number;
  /** Valid input. */
  readonly seeds: readonly Uint8Array<ArrayBuffer>[];
  /** Reads `bytes`; throws if what comes of it is not what was declared. */
  readonly read: (bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>;
  /** Corrects the checksums, so that a mutation gets beyond them. */
  readonly repair?: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** What must hold after all of it. */
  readonly finish?: () => void;
}

/** Changes, cuts, lengthens or splices valid input. */
function mutated(seeds: Entry["seeds"], rng: Rng): Uint8Array<ArrayBuffer> {
  let bytes = pick(rng, seeds).slice();
  switch (rng.below(6)) {
    case 0:
      bytes = bytes.slice(0, rng.below(bytes.length + 1));
      break;
    case 1: {
      const other = pick(rng, seeds);
      bytes = Uint8Array.of(...bytes.subarray(0, rng.below(bytes.length)), ...other);
      break;
    }
    case 2:
      bytes = Uint8Array.of(
        ...bytes,
        ...Array.from({ length: rng.below(20) }, () => rng.below(256)),
      );
      break;
  }
  for (let i = rng.below(4); i > 0 && bytes.length > 0; i--) {
    const at = rng.below(bytes.length);
    bytes[at] = rng.below(2) === 0 ? rng.below(256) : bytes[at]! ^ (1 << rng.below(8));
  }
  return bytes;
}

/** Adds a test that hands an entry its valid input, mutated, cut and spliced. */
export function fuzz({ name, weight, seeds, read, repair, finish }: Entry): void {
  Deno.test(`${name} takes any bytes`, async () => {
    const seed = seedFrom();
    const rng = new Rng(seed);
    const steps = weight * stepsFrom(20_000) / 4;
    for (let step = 0; step < steps; step++) {
      const bytes = mutated(seeds, rng);
      if (rng.below(4) > 0) repair?.(bytes);
      const shown = bytes.toHex();
      try {
        // Only what answers later is waited for: most do not.
        const pending = read(bytes);
        if (pending !== undefined) await pending;
      } catch (error) {
        const message = `Cannot take ${shown}, step ${step} of FUZZ_SEED=${seed}`;
        throw new Error(message, { cause: error });
      }
    }
    finish?.();
  });
}
