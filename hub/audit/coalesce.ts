import type { Clock, Timer } from "../../core/clock/mod.ts";
import type { Audit, AuditEntry } from "./record.ts";

/** Entries alike that come in this time after the first are told in one. */
const WINDOW_MS = 60_000;

/** Different kinds of entry kept apart in a window, of one address and in all. */
const MAX_KINDS = { ofSource: 32, inAll: 512 };

interface Kind {
  readonly entry: AuditEntry;
  repeats: number;
}

/** Address without its port, if it has one: who dials anew has another, who a proxy names has none. */
function hostOf(source: string): string {
  return /^([^:]*|\[.*\]):\d+$/.exec(source)?.[1] ?? source;
}

/** What a stranger, or a page that polls, can cause any number of. */
function mayRepeat({ event, result = "ok", data }: AuditEntry): boolean {
  if (event === "auth-failure" || event === "denial") return true;
  if (event !== "request") return false;
  return result !== "ok" || data?.method === "GET" || data?.method === "HEAD";
}

/**
 * Keeps a flood of refusals, or a page that polls, from filling the store and pushing out what
 * matters: the first entry of a kind passes, those alike within a minute become one, with their
 * number as `repeats`. Successful changes always pass.
 */
export class CoalescingAudit implements Audit {
  readonly #target: Audit;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();
  readonly #kindsOfSource = new Map<string, number>();
  #timer: Timer | undefined;

  /** Passes entries on to `target`. */
  constructor(target: Audit, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
  }

  record(entry: AuditEntry): void {
    if (!mayRepeat(entry)) return this.#target.record(entry);
    const host = hostOf(entry.source ?? "");
    const { key, isExact } = this.#keyOf(entry, host);
    const known = this.#kinds.get(key);
    if (known !== undefined) {
      known.repeats++;
      return;
    }
    const { event, result, source } = entry;
    const kind = isExact ? entry : { event, result, source, reason: "of many kinds" };
    this.#kinds.set(key, { entry: kind, repeats: 0 });
    this.#kindsOfSource.set(host, (this.#kindsOfSource.get(host) ?? 0) + 1);
    this.#timer ??= this.#clock.setTimer(() => this.flush(), WINDOW_MS);
    this.#target.record(kind);
  }

  /** Ends the window: tells what came more than once. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const kinds = [...this.#kinds.values()];
    this.#kinds.clear();
    this.#kindsOfSource.clear();
    for (const { entry, repeats } of kinds) {
      if (repeats > 0) this.#target.record({ ...entry, data: { ...entry.data, repeats } });
    }
  }

  /** Beyond the bounds, entries count as alike that differ in what a stranger chooses. */
  #keyOf(entry: AuditEntry, host: string): { key: string; isExact: boolean } {
    const { event, result, identity, machine, reason, detail, data } = entry;
    const key = JSON.stringify([event, result, identity, machine, host, reason, detail, data]);
    if (this.#kinds.has(key)) return { key, isExact: true };
    if (this.#kinds.size >= MAX_KINDS.inAll) return { key: event, isExact: false };
    const isManyOfSource = (this.#kindsOfSource.get(host) ?? 0) >= MAX_KINDS.ofSource;
    return isManyOfSource
      ? { key: JSON.stringify([event, host]), isExact: false }
      : { key, isExact: true };
  }
}
