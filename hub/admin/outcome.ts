import { ConfigError } from "../../core/config/mod.ts";
import {
  type AccessState,
  accessView,
  findIdentity,
  type Operation,
  type Refusal,
  StoreBusyError,
  versionOf,
} from "../access/mod.ts";
import type { AuditEvent } from "../audit/mod.ts";
import { json, problem } from "../http/mod.ts";
import type { AdminOptions } from "./context.ts";
import type { AdminContext } from "./gate.ts";

const STATUS: Readonly<Record<Refusal["code"], number>> = {
  "not-found": 404,
  "no-grant": 404,
  "exists": 409,
  "last-owner": 409,
  "stale": 412,
};

/** The version that an `If-Match` asks for; undefined if any will do. Spec: hub-api.md 1.2 */
export function ifVersion(request: Request): number | undefined {
  const match = /^(?:W\/)?"(\d{1,15})"$|^(\d{1,15})$/.exec(request.headers.get("if-match") ?? "");
  return match === null ? undefined : Number(match[1] ?? match[2]);
}

/** A JSON response with the version of an identity. */
export function versioned(body: unknown, version: number, status = 200): Response {
  const response = json(body, status);
  response.headers.set("etag", `"${version}"`);
  return response;
}

function refusal(state: AccessState, { code, message }: Refusal, id: string): Response {
  const found = findIdentity(state, id);
  if (code !== "stale" || found === undefined) return problem(message, STATUS[code]);
  const version = versionOf(state, id);
  const current = accessView(state, found.entry);
  return versioned({ error: message, id, version, current }, version, STATUS[code]);
}

/** What a change is about. */
export interface ChangeOptions<T> {
  /** Id of the identity that is changed. */
  readonly id: string;
  /** What the audit calls it. */
  readonly event: AuditEvent;
  /** Machine it concerns. */
  readonly machine?: string | undefined;
  /** What the log and the audit say of it; never a secret. */
  readonly detail: string;
  /** Changes the state. */
  readonly operation: Operation<T>;
  /** What to answer once it is on disk. */
  readonly respond: (value: T) => Response;
}

/** Makes a change, takes note of it, and answers; if it cannot be written nothing has changed. */
export async function change<T>(
  { store, log }: AdminOptions,
  context: AdminContext,
  { id, event, machine, detail, operation, respond }: ChangeOptions<T>,
): Promise<Response> {
  const entry = { event, machine, detail };
  try {
    const outcome = await store.change(operation);
    if (!outcome.done) {
      context.record({ ...entry, result: "refused", reason: outcome.refusal.code });
      return refusal(outcome.state, outcome.refusal, id);
    }
    context.record(entry);
    log(`admin ${JSON.stringify(context.caller.id)}: ${detail}`);
    return respond(outcome.value);
  } catch (error) {
    return failed({ log, context, entry }, error);
  }
}

/** What a request is answered whose change could not be written. */
export function failed(
  { log, context, entry }: {
    readonly log: AdminOptions["log"];
    readonly context: AdminContext;
    readonly entry: Parameters<AdminContext["record"]>[0];
  },
  error: unknown,
): Response {
  const isBusy = error instanceof StoreBusyError;
  if (!isBusy && !(error instanceof ConfigError)) throw error;
  const { message } = error;
  context.record({ ...entry, result: "failed", reason: isBusy ? "busy" : error.code });
  log(`NOT SAVED: ${message}`);
  if (isBusy) return problem("too many changes at once; try again in a moment", 503);
  return problem(`${message}; nothing has changed: put that right and repeat`, 500);
}
