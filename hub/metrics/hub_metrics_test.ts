import assert from "node:assert/strict";
import { UdpRelay } from "../udp/mod.ts";
import { formatMetrics } from "./exposition.ts";
import { HubMetrics, type MetricSources } from "./hub_metrics.ts";

const SOURCES: MetricSources = {
  build: { version: "0.1.0" },
  startedWallMs: 1500,
  machines: () => ({ online: 2, known: 5 }),
  relay: () => ({
    toAgent: { frames: 1, bytes: 10 },
    toClient: { frames: 2, bytes: 20 },
    slowReceiver: 3,
    hopsExhausted: 4,
    invalid: 5,
  }),
  throttled: () => ({ tokens: 43, codes: 44 }),
  udp: () => ({ ...new UdpRelay((out) => out.fill(1)).stats, receivedBytes: 41, toUdp: 42 }),
  gauges: () => ({ sockets: 9, sessions: 4, joinedSessions: 3, queuedBytes: 77 }),
  audit: () => ({ fault: "full", waiting: 6, written: 7, lost: 8, putAside: 1 }),
  eventLoopLag: () => [{ suffix: "_count", value: 1 }],
  memory: () => ({ rss: 1e6, heapTotal: 2, heapUsed: 1, external: 0 }),
};

const lines = (metrics: HubMetrics) => formatMetrics(metrics.families()).split("\n");

Deno.test("HubMetrics tells what its sources say", () => {
  const found = lines(new HubMetrics(SOURCES));
  for (
    const line of [
      'tela_hub_build_info{version="0.1.0"} 1',
      "process_start_time_seconds 1.5",
      "process_resident_memory_bytes 1000000",
      'tela_hub_machines{state="online"} 2',
      'tela_hub_machines{state="offline"} 3',
      "tela_hub_websockets 9",
      'tela_hub_sessions{state="waiting"} 1',
      "tela_hub_send_queue_bytes 77",
      'tela_hub_relayed_bytes_total{direction="to_agent"} 10',
      'tela_hub_relayed_frames_total{direction="to_client"} 2',
      'tela_hub_dropped_frames_total{reason="hops_exhausted"} 4',
      'tela_hub_audit_degraded{fault="full"} 1',
      'tela_hub_audit_degraded{fault="locked"} 0',
      "tela_hub_audit_lost_records_total 8",
      "tela_hub_udp_received_bytes_total 41",
      'tela_hub_udp_relayed_frames_total{to="udp"} 42',
      'tela_hub_throttled_attempts_total{kind="tokens"} 43',
      'tela_hub_throttled_attempts_total{kind="codes"} 44',
      'tela_hub_udp_dropped_datagrams_total{reason="unknown_token"} 0',
    ]
  ) assert.ok(found.includes(line), line);
});

Deno.test("HubMetrics has the same names and labels whatever strangers send", () => {
  const metrics = new HubMetrics(SOURCES);
  for (let i = 0; i < 1000; i++) {
    metrics.request({ route: "/api/status", method: `M${i}`, status: 405 });
    metrics.event({ event: "auth-failure", source: `192.0.2.${i}:1`, detail: `${i}` });
    metrics.event({ event: "register", machine: `m${i}` });
  }
  const found = lines(metrics);
  const requests = found.filter((line) => line.startsWith("tela_hub_http_requests_total{"));
  assert.deepEqual(requests, [
    'tela_hub_http_requests_total{route="/api/status",method="other",status="405"} 1000',
  ]);
  assert.ok(found.includes("tela_hub_auth_failures_total 1000"));
  assert.ok(found.includes('tela_hub_events_total{event="register",result="ok"} 1000'));
  assert.ok(found.length < 120, `${found.length} lines`);
});
