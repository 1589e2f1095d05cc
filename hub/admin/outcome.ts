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
  return await committed({ log, context, entry }, async () => {
    const outcome = await store.change(operation);
    if (outcome.done) return respond(outcome.value);
    context.record({ ...entry, result: "refused", reason: outcome.refusal.code });
    return refusal(outcome.state, outcome.refusal, id);
  });
}

/** What is changed, by whom, and who is told. */
export interface Commit {
  /** Takes a line. */
  readonly log: AdminOptions["log"];
  /** Who changes it. */
  readonly context: AdminContext;
  /** What is changed; of the log, its detail. */
  readonly entry: Parameters<AdminContext["record"]>[0];
}

/**
 * Answers with what `write` gives, and takes note of the change unless that is a refusal; of what could
 * not be written, that it was not.
 */
export async function committed(
  { log, context, entry }: Commit,
  write: () => Promise<Response>,
): Promise<Response> {
  try {
    const response = await write();
    if (response.ok) {
      context.record(entry);
      log(`admin ${JSON.stringify(context.caller.id)}: ${entry.detail}`);
    }
    return response;
  } catch (error) {
    return failed({ log, context, entry }, error);
  }
}

function failed({ log, context, entry }: Commit, error: unknown): Response {
  const isBusy = error instanceof StoreBusyError;
  if (!isBusy && !(error instanceof ConfigError)) throw error;
  const { message } = error;
  context.record({ ...entry, result: "failed", reason: isBusy ? "busy" : error.code });
  log(`NOT SAVED: ${message}`);
  if (isBusy) return problem("too many changes at once; try again in a moment", 503);
  return problem(`${message}; nothing has changed: put that right and repeat`, 500);
}
