import recording from "./testdata/reference_admin.json" with { type: "json" };

/** A request of the recorded client and the recorded hub's answer. */
export interface Exchange {
  /** Method and path. */
  readonly http: string;
  /** Body, parsed; undefined if there was none. */
  readonly req?: unknown;
  /** Status of the answer. */
  readonly status: number;
  /** Headers of the answer that mean something. */
  readonly headers: Readonly<Record<string, string>>;
  /** Body of the answer, parsed. */
  readonly res: unknown;
}

/** A message on the recorded agent's control socket. */
export interface AgentStep {
  /** Which way it goes. */
  readonly agent: "gets" | "sends";
  /** The message, parsed. */
  readonly message: Readonly<Record<string, unknown>>;
}

/** Owner's token of the recorded hub. */
export const OWNER_TOKEN: string = "a".repeat(64);

/** What was recorded, in its order. */
export const STEPS: readonly (AgentStep | Exchange)[] = recording.steps as (AgentStep | Exchange)[];

/** The requests to the hub and its answers. */
export const EXCHANGES: readonly Exchange[] = STEPS.filter((step) => "http" in step);

const FORMS: Readonly<Record<string, RegExp>> = {
  token: /^[0-9a-f]{64}$/,
  code: /^[0-9A-Z]{4}-[0-9A-Z]{4}$/,
  tokenPreview: /^[0-9a-f]{8}\.\.\.$/,
  requestId: /^[0-9a-f]{16}$/,
  // An update that cannot be looked for: each hub has its own reason.
  error: /./,
  currentVersion: /./,
};

/** What differs from one hub to the next, replaced by whether it has the right form. */
export function shape(value: unknown, key = ""): unknown {
  if (typeof value === "string" && FORMS[key] !== undefined) return FORMS[key].test(value);
  if (key.endsWith("At")) return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value as string);
  if (key === "lines" && Array.isArray(value)) return value.map((line) => typeof line);
  if (Array.isArray(value)) return value.map((item) => shape(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shape(item, name)]));
}
