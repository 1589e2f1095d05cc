import { encodeHex } from "../../core/bytes/mod.ts";
import {
  AUDIT_EVENTS,
  type AuditEvent,
  type AuditFilter,
  type AuditReader,
  type AuditState,
  type ChainMark,
  exportView,
} from "../audit/mod.ts";
import { json, problem, type Route } from "../http/mod.ts";
import type { AdminOptions } from "./context.ts";
import type { AdminHandler, Gate } from "./gate.ts";

/** Records of a page, by default and at most: a thousand fit what clients read of an answer. */
const PAGE_RECORDS = { usual: 100, most: 1000 };

/** A query that cannot be answered, for whoever asked. */
class QueryError extends Error {
  override readonly name = "QueryError";
}

const EVENTS: ReadonlySet<string> = new Set(AUDIT_EVENTS);

function readTime(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const ms = /^\d{4}-\d\d-\d\d(T|$)/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new QueryError(`${name} must be a time as 2026-08-01T09:00:00Z: ${text}`);
}

function readNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new QueryError(`${name} must be a whole number above 0: ${text}`);
}

function readEvents(query: URLSearchParams): readonly AuditEvent[] | undefined {
  const names = query.getAll("event").flatMap((text) => text.split(","));
  const unknown = names.find((name) => !EVENTS.has(name));
  if (unknown !== undefined) {
    throw new QueryError(`event must be one of ${AUDIT_EVENTS.join(", ")}: ${unknown}`);
  }
  return names.length === 0 ? undefined : names as AuditEvent[];
}

function readFilter(query: URLSearchParams): AuditFilter {
  const events = readEvents(query);
  const sinceMs = readTime(query, "since");
  const untilMs = readTime(query, "until");
  const texts = ["identity", "machine", "result"].flatMap((name) => {
    const text = query.get(name);
    return text === null ? [] : [[name, text]];
  });
  return {
    ...Object.fromEntries(texts),
    ...(events !== undefined && { events }),
    ...(sinceMs !== undefined && { sinceMs }),
    ...(untilMs !== undefined && { untilMs }),
  };
}

function markView({ id, hash }: ChainMark): object {
  return { id, hash: encodeHex(hash) };
}

/** The routes by which owners and admins read the audit. */
class AuditRoutes {
  readonly #reader: AuditReader;
  readonly #state: () => AuditState;

  constructor({ reader, state }: NonNullable<AdminOptions["records"]>) {
    this.#reader = reader;
    this.#state = state;
  }

  async list(query: URLSearchParams): Promise<Response> {
    const asked = readNumber(query, "limit") ?? PAGE_RECORDS.usual;
    const limit = Math.min(asked, PAGE_RECORDS.most);
    const filter = readFilter(query);
    const page = await this.#reader.page({ filter, before: readNumber(query, "before"), limit });
    const { fault, waiting, lost } = this.#state();
    return json({
      records: page.records.map(exportView),
      ...(page.before !== undefined && { before: page.before }),
      ...(fault !== undefined && { auditDegraded: { fault, waiting, lost } }),
    });
  }

  /** With `id` and `hash`, also whether a record is still the one that was noted elsewhere. */
  async verify(query: URLSearchParams): Promise<Response> {
    const id = readNumber(query, "id");
    const hash = query.get("hash")?.toLowerCase();
    if ((id === undefined) !== (hash === undefined)) {
      throw new QueryError("id and hash must be given together");
    }
    const { records, first, last, fault } = await this.#reader.verify();
    const noted = id === undefined ? undefined : this.#compare(id, hash!);
    return json({
      ok: fault === undefined && noted !== "different",
      records,
      removed: markView(first),
      last: markView(last),
      ...(fault !== undefined && { fault }),
      ...(noted !== undefined && { noted }),
    });
  }

  export(query: URLSearchParams): Response {
    const portions = this.#reader.all(readFilter(query));
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        for (;;) {
          const { value, done } = await portions.next();
          if (done) return controller.close();
          const lines = value.map((record) => `${JSON.stringify(exportView(record))}\n`);
          if (lines.length > 0) return controller.enqueue(encoder.encode(lines.join("")));
        }
      },
      cancel: async () => void await portions.return(undefined),
    });
    return new Response(body, {
      headers: {
        "content-type": "application/x-ndjson",
        "content-disposition": 'attachment; filename="audit.jsonl"',
      },
    });
  }

  #compare(id: number, hash: string): "same" | "different" | "removed" {
    const found = this.#reader.hashOf(id);
    if (found === undefined) return "removed";
    return encodeHex(found) === hash ? "same" : "different";
  }
}

/** `/api/admin/audit`, `/verify` and `/export`; none if records are kept nowhere. */
export function auditRoutes(gate: Gate, { records }: AdminOptions): Route[] {
  if (records === undefined) return [];
  const routes = new AuditRoutes(records);
  const answering =
    (answer: (query: URLSearchParams) => Response | Promise<Response>): AdminHandler =>
    async ({ url }) => {
      try {
        return await answer(new URL(url).searchParams);
      } catch (error) {
        if (error instanceof QueryError) return problem(error.message, 400);
        return problem(`the audit cannot be read: ${(error as Error).message}`, 503);
      }
    };
  const route = (path: string, answer: (query: URLSearchParams) => Response | Promise<Response>) =>
    gate.route({ path, first: "auth", methods: { GET: answering(answer) } });
  return [
    route("/api/admin/audit", (query) => routes.list(query)),
    route("/api/admin/audit/verify", (query) => routes.verify(query)),
    route("/api/admin/audit/export", (query) => routes.export(query)),
  ];
}
