import type { Clock } from "../../core/clock/mod.ts";
import type { Log } from "../../core/log/mod.ts";
import { type Access, tokenOf } from "../access/mod.ts";
import type { AdminOptions } from "../admin/mod.ts";
import {
  type Audit,
  type AuditEntry,
  type AuditFault,
  AuditReader,
  AuditStore,
  CoalescingAudit,
  noAudit,
  pendingRecord,
} from "../audit/mod.ts";
import type { HubConfig } from "../config/mod.ts";
import { History, HISTORY_CAPACITY, type RecordOfMachine } from "../history/mod.ts";
import type { AnsweredRequest, HubFacts } from "../http/mod.ts";
import { EventLoopLag, HubMetrics, type MetricFamily, type MetricSources } from "../metrics/mod.ts";

/** Options of {@linkcode Observer}. */
export interface ObserverOptions
  extends Pick<MetricSources, "machines" | "relay" | "gauges" | "udp" | "throttled"> {
  /** Path of the file of records; undefined for none. */
  readonly auditFile: string | undefined;
  /** The configuration in effect. */
  readonly config: () => HubConfig;
  /** Who may do what, as of now. */
  readonly access: () => Access;
  /** What the process is. */
  readonly facts: HubFacts;
  /** Times and dates everything. */
  readonly clock: Clock;
  /** Takes a line when something is wrong with the records. */
  readonly log: Log;
}

/** Records of the past that history is made of: not every one of them is told. */
const PAST_RECORDS = 4 * HISTORY_CAPACITY;

/** What is kept of an answered request. Why somebody was refused is noted where that was decided. */
function requestEntry(
  { request, status, remoteAddress }: AnsweredRequest,
  identity: string | undefined,
): AuditEntry {
  const isRefused = status === 401 || status === 403 || status === 429;
  return {
    event: "request",
    result: isRefused ? "refused" : status >= 400 ? "failed" : "ok",
    identity,
    source: remoteAddress,
    detail: `${request.method} ${new URL(request.url).pathname}`,
    data: { method: request.method, status },
  };
}

/** Records, counts and tells what happens at a hub. */
export class Observer {
  /** Takes note of what happens. */
  readonly audit: Audit;
  /** What happened with machines lately, before the last start too. */
  readonly history: History;
  readonly #options: ObserverOptions;
  readonly #store: AuditStore | undefined;
  readonly #coalescing: CoalescingAudit;
  readonly #metrics: HubMetrics;
  readonly #lag: EventLoopLag;

  /** Opens the file of records and notes the start. */
  constructor(options: ObserverOptions) {
    const { clock, facts } = options;
    this.#options = options;
    this.#store = openStore(options);
    this.#coalescing = new CoalescingAudit(this.#store ?? noAudit, clock);
    this.#lag = new EventLoopLag(clock);
    this.#metrics = new HubMetrics({
      ...options,
      build: { version: facts.version, runtime: facts.runtime, os: facts.os, arch: facts.arch },
      startedWallMs: clock.wallMs(),
      audit: () => this.#store?.state,
      eventLoopLag: () => this.#lag.samples(),
      memory: () => Deno.memoryUsage(),
    });
    this.history = new History(this.#past());
    this.audit = { record: (entry) => this.#record(entry) };
    this.#record({ event: "hub-start", detail: facts.version });
  }

  /** Why records cannot be written, if they cannot. */
  get auditFault(): AuditFault | undefined {
    return this.#store?.state.fault;
  }

  /** What the routes of the administration read records with; undefined if there is no file. */
  get records(): AdminOptions["records"] {
    const store = this.#store;
    if (store === undefined) return undefined;
    return { reader: new AuditReader(store, this.#options.clock), state: () => store.state };
  }

  /** The metrics as of now. */
  families(): MetricFamily[] {
    return this.#metrics.families();
  }

  /** Takes note of a request that was answered. */
  answered(answer: AnsweredRequest): void {
    const { request, route, status } = answer;
    this.#metrics.request({ route, method: request.method, status });
    const { access, clock } = this.#options;
    const { token } = tokenOf(request);
    const caller = access().authenticate(token, clock.wallMs());
    const identity = caller.kind === "identity" ? caller.id : undefined;
    this.#record(requestEntry(answer, identity));
  }

  /** Notes the end and closes the file. */
  close(): void {
    this.#lag.stop();
    this.#record({ event: "hub-stop" });
    this.#coalescing.flush();
    this.#store?.close();
  }

  #record(entry: AuditEntry): void {
    this.history.add(pendingRecord(entry, this.#options.clock.wallMs()));
    this.#metrics.event(entry);
    this.#coalescing.record(entry);
  }

  #past(): RecordOfMachine[] {
    try {
      return this.#store?.file?.newestOfMachines(PAST_RECORDS) ?? [];
    } catch (error) {
      this.#options.log(`cannot read what happened before: ${(error as Error).message}`);
      return [];
    }
  }
}

function openStore({ auditFile, config, clock, log }: ObserverOptions): AuditStore | undefined {
  if (auditFile === undefined) return undefined;
  const { maxAgeMs, maxBytes } = config().audit;
  return new AuditStore({
    path: auditFile,
    limits: { maxAgeMs, maxBytes },
    clock,
    log: log.for("audit"),
  });
}
