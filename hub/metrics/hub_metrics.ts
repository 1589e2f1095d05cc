import type { AuditEntry, AuditState } from "../audit/mod.ts";
import type { RelayStats, SwitchboardGauges } from "../sessions/mod.ts";
import type { UdpStats } from "../udp/mod.ts";
import type { MetricFamily, Sample } from "./exposition.ts";

/** What a hub says of itself, read when it is asked. */
export interface MetricSources {
  /** Version and platform. */
  readonly build: Readonly<Record<string, string>>;
  /** When the process started, in milliseconds since 1970. */
  readonly startedWallMs: number;
  /** Machines that are online, and all that are known. */
  readonly machines: () => { readonly online: number; readonly known: number };
  /** What was relayed and dropped. */
  readonly relay: () => RelayStats;
  /** What was relayed and dropped by UDP. */
  readonly udp: () => UdpStats;
  /** What the switchboard holds. */
  readonly gauges: () => SwitchboardGauges;
  /** Attempts that were not looked at, as too many before them had failed. */
  readonly throttled: () => { readonly tokens: number; readonly codes: number };
  /** How the audit is. */
  readonly audit: () => AuditState | undefined;
  /** Lateness of timers. */
  readonly eventLoopLag: () => readonly Sample[];
  /** Memory of the process, in bytes. */
  readonly memory: () => { rss: number; heapTotal: number; heapUsed: number; external: number };
}

/** A request that was answered. */
export interface AnsweredRequest {
  /** Pattern of the route, or "none"; never the path itself. */
  readonly route: string;
  /** Method as it came. */
  readonly method: string;
  /** Status of the answer. */
  readonly status: number;
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Counts by labels from closed lists, so that nobody can make it grow. */
class LabelledCounter {
  readonly #samples = new Map<string, { labels: Record<string, string>; value: number }>();

  add(labels: Record<string, string>): void {
    const key = Object.values(labels).join("\n");
    const sample = this.#samples.get(key);
    if (sample === undefined) this.#samples.set(key, { labels, value: 1 });
    else sample.value++;
  }

  samples(): Sample[] {
    return [...this.#samples.values()];
  }
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: "gauge", samples: [{ value }] };
}

function counter(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: "counter", samples: [{ value }] };
}

function byLabel(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

/** All metrics of a hub: counters of its own, the rest read from where it is kept. */
export class HubMetrics {
  readonly #sources: MetricSources;
  readonly #requests = new LabelledCounter();
  readonly #events = new LabelledCounter();
  #authFailures = 0;

  /** Reads the sources when asked for the families. */
  constructor(sources: MetricSources) {
    this.#sources = sources;
  }

  /** Counts a request. */
  request({ route, method, status }: AnsweredRequest): void {
    const knownMethod = METHODS.has(method) ? method : "other";
    this.#requests.add({ route, method: knownMethod, status: String(status) });
  }

  /** Counts an entry of the audit. */
  event({ event, result = "ok" }: AuditEntry): void {
    if (event === "auth-failure") this.#authFailures++;
    else this.#events.add({ event, result });
  }

  /** The metrics as of now. */
  families(): MetricFamily[] {
    return [
      ...this.#process(),
      ...this.#peers(),
      ...this.#relay(),
      ...this.#udp(),
      ...this.#http(),
      ...this.#audit(),
    ];
  }

  #process(): MetricFamily[] {
    const { build, startedWallMs, memory, eventLoopLag } = this.#sources;
    const { rss, heapTotal, heapUsed, external } = memory();
    return [
      {
        name: "tela_hub_build_info",
        help: "Version and platform of the hub.",
        type: "gauge",
        samples: [{ labels: build, value: 1 }],
      },
      gauge(
        "process_start_time_seconds",
        "When the hub started, since 1970.",
        startedWallMs / 1000,
      ),
      gauge("process_resident_memory_bytes", "Resident memory.", rss),
      gauge("nodejs_heap_size_total_bytes", "Size of the JavaScript heap.", heapTotal),
      gauge("nodejs_heap_size_used_bytes", "Used part of the JavaScript heap.", heapUsed),
      gauge("nodejs_external_memory_bytes", "Memory of buffers outside the heap.", external),
      {
        name: "tela_hub_event_loop_lag_seconds",
        help: "By how much timers are late.",
        type: "histogram",
        samples: eventLoopLag(),
      },
    ];
  }

  #peers(): MetricFamily[] {
    const { machines, gauges } = this.#sources;
    const { online, known } = machines();
    const { sockets, sessions, joinedSessions, queuedBytes } = gauges();
    return [
      {
        name: "tela_hub_machines",
        help: "Machines that have registered since the hub started.",
        type: "gauge",
        samples: byLabel("state", { online, offline: known - online }),
      },
      gauge("tela_hub_websockets", "WebSockets that are open.", sockets),
      {
        name: "tela_hub_sessions",
        help: "Sessions, joined by the agent or waiting for it.",
        type: "gauge",
        samples: byLabel("state", { joined: joinedSessions, waiting: sessions - joinedSessions }),
      },
      gauge("tela_hub_send_queue_bytes", "Bytes queued for WebSockets.", queuedBytes),
    ];
  }

  #relay(): MetricFamily[] {
    const { toAgent, toClient, slowReceiver, hopsExhausted, invalid } = this.#sources.relay();
    return [
      {
        name: "tela_hub_relayed_frames_total",
        help: "Frames relayed from WebSockets.",
        type: "counter",
        samples: byLabel("direction", { to_agent: toAgent.frames, to_client: toClient.frames }),
      },
      {
        name: "tela_hub_relayed_bytes_total",
        help: "Bytes of frames relayed from WebSockets.",
        type: "counter",
        samples: byLabel("direction", { to_agent: toAgent.bytes, to_client: toClient.bytes }),
      },
      {
        name: "tela_hub_dropped_frames_total",
        help: "Frames from WebSockets that were not relayed.",
        type: "counter",
        samples: byLabel("reason", {
          slow_receiver: slowReceiver,
          hops_exhausted: hopsExhausted,
          invalid,
        }),
      },
    ];
  }

  #udp(): MetricFamily[] {
    const { received, receivedBytes, toUdp, toWebSocket, probes, stun, drops, ...rebinds } = this
      .#sources.udp();
    return [
      counter("tela_hub_udp_received_datagrams_total", "Datagrams that arrived.", received),
      counter("tela_hub_udp_received_bytes_total", "Bytes of datagrams.", receivedBytes),
      {
        name: "tela_hub_udp_relayed_frames_total",
        help: "Frames that came by UDP, by what they went on by.",
        type: "counter",
        samples: byLabel("to", { udp: toUdp, websocket: toWebSocket }),
      },
      {
        name: "tela_hub_udp_answers_total",
        help: "Questions answered.",
        type: "counter",
        samples: byLabel("kind", { probe: probes, stun }),
      },
      {
        name: "tela_hub_udp_rebinds_total",
        help: "Changes of the address of a peer.",
        type: "counter",
        samples: byLabel("result", {
          followed: rebinds.rebinds,
          refused: rebinds.rebindsRefused,
        }),
      },
      {
        name: "tela_hub_udp_dropped_datagrams_total",
        help: "Datagrams that were not passed on or answered.",
        type: "counter",
        samples: byLabel(
          "reason",
          Object.fromEntries(
            Object.entries(drops).map(([name, count]) => [name.replaceAll("-", "_"), count]),
          ),
        ),
      },
    ];
  }

  #http(): MetricFamily[] {
    return [
      {
        name: "tela_hub_http_requests_total",
        help: "Requests answered, by pattern of the route.",
        type: "counter",
        samples: this.#requests.samples(),
      },
      counter(
        "tela_hub_auth_failures_total",
        "Tokens and codes shown that are not valid.",
        this.#authFailures,
      ),
      {
        name: "tela_hub_throttled_attempts_total",
        help: "Tokens and codes that were not looked at, after too many wrong ones.",
        type: "counter",
        samples: byLabel("kind", { ...this.#sources.throttled() }),
      },
      {
        name: "tela_hub_events_total",
        help: "What happened, by kind of record in the audit.",
        type: "counter",
        samples: this.#events.samples(),
      },
    ];
  }

  #audit(): MetricFamily[] {
    const state = this.#sources.audit();
    if (state === undefined) return [];
    const faults = { locked: 0, full: 0, unwritable: 0, damaged: 0 };
    if (state.fault !== undefined) faults[state.fault] = 1;
    return [
      {
        name: "tela_hub_audit_degraded",
        help: "1 while records cannot be written, by reason.",
        type: "gauge",
        samples: byLabel("fault", faults),
      },
      gauge("tela_hub_audit_waiting_records", "Records that wait to be written.", state.waiting),
      counter("tela_hub_audit_written_records_total", "Records written.", state.written),
      counter("tela_hub_audit_lost_records_total", "Records lost.", state.lost),
      counter("tela_hub_audit_damaged_files_total", "Files put aside as damaged.", state.putAside),
    ];
  }
}
