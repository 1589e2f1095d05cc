/** Seed of every run, unless `FUZZ_SEED` says otherwise: a failure can be repeated. */
const DEFAULT_SEED = 20_261;

/** The seed of this run. */
export function seedFrom(): number {
  return numberFrom("FUZZ_SEED") ?? DEFAULT_SEED;
}

/** Steps of this run: `FUZZ_STEPS`, or as many as CI has time for. */
export function stepsFrom(defaultSteps: number): number {
  return numberFrom("FUZZ_STEPS") ?? defaultSteps;
}

function numberFrom(name: string): number | undefined {
  const text = Deno.env.get(name);
  if (text === undefined || text === "") return undefined;
  if (!/^\d+$/.test(text)) {
    throw new RangeError(`Cannot use ${name}: "${text}" is not a whole number`);
  }
  return Number(text);
}
