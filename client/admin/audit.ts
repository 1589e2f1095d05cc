import {
  type Command,
  command,
  type FlagValues,
  formatJson,
  formatTable,
  printable,
  UsageError,
} from "../../core/cli/mod.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/control/mod.ts";
import { ADMIN_FLAGS, adminApi, type AdminDeps, JSON_FLAG, objectsOf, textOf } from "./context.ts";

const FILTER_FLAGS = {
  event: {
    type: "string",
    summary: "Only these kinds of records, parted by commas, as grant,token-revoke.",
    placeholder: "events",
  },
  identity: { type: "string", summary: "Only what this identity did.", placeholder: "id" },
  machine: { type: "string", summary: "Only what was done to this machine.", placeholder: "name" },
  result: { type: "string", summary: "Only what went so: ok, refused or failed." },
  since: { type: "string", summary: "Only from this time on, in UTC.", placeholder: "time" },
  until: { type: "string", summary: "Only before this time, in UTC.", placeholder: "time" },
} as const;

const RESULTS: readonly string[] = ["ok", "refused", "failed"];

/** A day, or a second, with an offset or in UTC. */
const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?$/;

function checkTime(flag: string, text: string | undefined): void {
  if (text === undefined || (TIME.test(text) && !Number.isNaN(Date.parse(text)))) return;
  throw new UsageError(`-${flag} must be a time as 2026-08-01 or 2026-08-01T09:00:00Z: ${text}`);
}

/** The filters as a query of the hub's interface. @throws UsageError */
function queryOf(filters: FlagValues<typeof FILTER_FLAGS>): URLSearchParams {
  const { result, since, until } = filters;
  if (result !== undefined && !RESULTS.includes(result)) {
    throw new UsageError(`-result must be ${RESULTS.join(", ")}: ${result}`);
  }
  checkTime("since", since);
  checkTime("until", until);
  const query = new URLSearchParams();
  for (const name of Object.keys(FILTER_FLAGS) as (keyof typeof FILTER_FLAGS)[]) {
    const value = filters[name];
    if (value !== undefined) query.set(name, value);
  }
  return query;
}

function pathWith(path: string, query: URLSearchParams): string {
  return query.size === 0 ? path : `${path}?${query}`;
}

function objectOf(object: JsonObject, field: string): JsonObject | undefined {
  const value: Json | undefined = object[field];
  return isJsonObject(value) ? value : undefined;
}

const HEADINGS = ["ID", "TIME", "EVENT", "RESULT", "IDENTITY", "MACHINE", "SOURCE", "DETAIL"];

function rowOf(record: JsonObject): string[] {
  const texts = ["time", "event", "result", "identity", "machine", "source"];
  const said = [textOf(record, "reason"), textOf(record, "detail")].filter((text) => text !== "");
  return [
    String(record.id),
    ...texts.map((field) => textOf(record, field) || "-"),
    said.join(": ") || "-",
  ];
}

function listCommand(deps: AdminDeps): Command {
  return command({
    name: "list",
    summary: "List what was done on the hub, the newest first",
    description: "Who did what, to which machine, from where, and how it went.",
    flags: {
      ...ADMIN_FLAGS,
      ...FILTER_FLAGS,
      n: { type: "number", summary: "How many records.", default: 100, min: 1, max: 1000 },
      before: {
        type: "number",
        summary: "Only records older than this one.",
        placeholder: "id",
        min: 1,
      },
      ...JSON_FLAG,
    },
    examples: [
      "tela admin audit list -n 20",
      "tela admin audit list -event grant,grant-remove -since 2026-08-01",
    ],
    seeAlso: ["tela admin audit export", "tela admin hub logs"],
    run: async ({ flags, io }) => {
      const query = queryOf(flags);
      query.set("limit", String(flags.n));
      if (flags.before !== undefined) query.set("before", String(flags.before));
      const api = await adminApi(flags, { io, deps });
      const answer = await api.request("GET", pathWith("/api/admin/audit", query));
      const degraded = objectOf(answer, "auditDegraded");
      if (degraded !== undefined) {
        io.stderr(
          `warning: the hub cannot write records: ${printable(textOf(degraded, "fault"))}\n`,
        );
      }
      if (flags.json) return io.stdout(formatJson(answer));
      const rows = objectsOf(answer, "records").map(rowOf);
      if (rows.length === 0) return io.stdout("No records.\n");
      io.stdout(formatTable({ headings: HEADINGS, rows, right: ["ID"] }));
    },
  });
}

/** Why the records are not to be believed; undefined if they are. */
function faultOf(answer: JsonObject, noted: number | undefined): string | undefined {
  const fault = objectOf(answer, "fault");
  if (fault !== undefined) {
    return `Record ${fault.id} is the first that is wrong: ${textOf(fault, "text")}`;
  }
  if (answer.noted === "different") return `Record ${noted} is not the one that was noted`;
  return answer.ok === true ? undefined : "The hub does not say that its records are whole";
}

function verifyCommand(deps: AdminDeps): Command {
  return command({
    name: "verify",
    summary: "Make sure that no record was changed, removed or added since",
    description: "Prints how many records there are, and id and hash of the last. Keep those " +
      "elsewhere: given later as -id and -hash, they show that all up to there is as it was. Exit " +
      "code 1, and the first record that is wrong, if one is.",
    flags: {
      ...ADMIN_FLAGS,
      id: { type: "number", summary: "A record noted earlier.", placeholder: "id", min: 1 },
      hash: { type: "string", summary: "Its hash.", placeholder: "hex" },
      ...JSON_FLAG,
    },
    examples: ["tela admin audit verify"],
    seeAlso: ["tela admin audit export"],
    run: async ({ flags, io }) => {
      const { id, hash } = flags;
      if ((id === undefined) !== (hash === undefined)) {
        throw new UsageError("-id and -hash must be given together");
      }
      const query = new URLSearchParams();
      if (id !== undefined && hash !== undefined) {
        if (!/^[0-9a-fA-F]{64}$/.test(hash)) {
          throw new UsageError(`-hash must be 64 hexadecimal digits: ${hash}`);
        }
        query.set("id", String(id));
        query.set("hash", hash);
      }
      const api = await adminApi(flags, { io, deps });
      const answer = await api.request("GET", pathWith("/api/admin/audit/verify", query));
      if (flags.json) io.stdout(formatJson(answer));
      const fault = faultOf(answer, id);
      if (fault !== undefined) throw new Error(fault);
      if (answer.noted === "removed") {
        io.stderr(`warning: record ${id} is gone, by age or size; it proves nothing\n`);
      }
      if (flags.json) return;
      const last = objectOf(answer, "last") ?? {};
      io.stdout(
        `records: ${answer.records}\nlast: ${last.id} ${printable(textOf(last, "hash"))}\n`,
      );
    },
  });
}

function exportCommand(deps: AdminDeps): Command {
  return command({
    name: "export",
    summary: "Print records as JSON lines, the oldest first",
    description:
      "A record is a line, with its hash and that of the one before, so that the chain " +
      "can be checked without the hub. The format does not depend on how many there are.",
    flags: { ...ADMIN_FLAGS, ...FILTER_FLAGS },
    examples: ["tela admin audit export -since 2026-08-01"],
    seeAlso: ["tela admin audit verify"],
    run: async ({ flags, io }) => {
      const path = pathWith("/api/admin/audit/export", queryOf(flags));
      const api = await adminApi(flags, { io, deps });
      await api.stream({ method: "GET", path }, (text) => io.stdout(text));
    },
  });
}

/** `tela admin audit`. Not in the reference. */
export function auditCommand(deps: AdminDeps): Command {
  return command({
    name: "audit",
    summary: "Read what was done on the hub, and check that the records are whole",
    commands: [listCommand(deps), verifyCommand(deps), exportCommand(deps)],
  });
}
