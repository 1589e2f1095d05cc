import type { Clock } from "../../core/clock/mod.ts";

/** Time for each step, milliseconds. Their sum along the longest chain of checks is below 15 s. */
export const LIMITS_MS = { dns: 3000, tcp: 3000, tls: 2500, http: 3000, session: 3000 } as const;

/** Options of {@linkcode within}. */
export interface WithinOptions {
  /** Milliseconds. */
  limitMs: number;
  /** Times it. */
  clock: Clock;
}

/** What came of a step: its result, its error, or nothing in time. */
export type Outcome<T> =
  | { readonly state: "done"; readonly value: T }
  | { readonly state: "failed"; readonly error: unknown }
  | { readonly state: "late" };

/** Does a step within a time; the signal it is given is aborted when that is over. Never rejects. */
export async function within<T>(
  step: (signal: AbortSignal) => Promise<T>,
  { limitMs, clock }: WithinOptions,
): Promise<Outcome<T>> {
  const abort = new AbortController();
  const late = Promise.withResolvers<Outcome<T>>();
  const timer = clock.setTimer(() => {
    late.resolve({ state: "late" });
    abort.abort();
  }, limitMs);
  const outcome = step(abort.signal).then(
    (value): Outcome<T> => ({ state: "done", value }),
    (error): Outcome<T> => ({ state: "failed", error }),
  );
  try {
    return await Promise.race([outcome, late.promise]);
  } finally {
    timer.cancel();
  }
}

/** The system's code of an error, as `ECONNREFUSED`; "" if it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : "";
  return typeof code === "string" ? code : "";
}

/** What an error says, with its code if the text lacks it. */
export function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  return text.includes(code) ? text : `${text} (${code})`;
}
