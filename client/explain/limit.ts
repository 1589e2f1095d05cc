import type { Clock } from "../../core/clock/mod.ts";

/** Time for each step, milliseconds. A lost SYN is sent again after 1 s, a STUN request after 0.5 s. */
export const LIMITS_MS = {
  dns: 2000,
  tcp: 2500,
  tls: 2000,
  http: 2000,
  session: 2500,
  stun: 2200,
  sizes: 900,
} as const;

/**
 * Later than this a survey of UDP, which resolves a name, asks and tries sizes, is not begun: it would
 * not end within the 15 s that all is to take. Everything before it takes 13 s at most.
 */
export const LAST_SURVEY_MS = 9500;

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
