import assert from "node:assert/strict";
import { systemClock, systemRandom } from "../../core/clock/mod.ts";
import { createLog, LogRing } from "../../core/log/mod.ts";
import { AuditStore } from "../audit/mod.ts";
import { DEFAULTS, type HubConfig } from "../config/mod.ts";
import { CodeStore } from "../pairing/mod.ts";
import { inTemporaryFolder, RawClient } from "../testing/mod.ts";
import { type RunningHub, startHub } from "./hub.ts";

const none = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };
const CONFIG: HubConfig = {
  hubId: "hub-1",
  name: "lab",
  port: 0,
  udp: false,
  udpPort: 0,
  udpHost: "",
  wwwDir: "",
  shutdownTimeoutMs: 5000,
  auth: {
    tokens: [
      { ...none, id: "owner", token: "owner-token", role: "owner" },
      { ...none, id: "alice", token: "alice-token", role: "user" },
    ],
    machines: new Map([["barn", {
      registerToken: undefined,
      connect: [{ token: "alice-token", services: [] }],
      manageTokens: [],
    }]]),
  },
  update: { channel: "", sources: {} },
  audit: DEFAULTS.audit,
  metrics: DEFAULTS.metrics,
};

type TestHub = Pick<RunningHub, "port" | "shutdown">;

async function start(auditFile: string): Promise<TestHub> {
  const codes = new CodeStore(":memory:", { random: systemRandom });
  const { port, shutdown } = await startHub({
    config: () => CONFIG,
    codes,
    facts: { os: "linux", arch: "amd64", hostname: "h1", runtime: "deno2", version: "0.1.0" },
    clock: systemClock,
    random: systemRandom,
    log: createLog({ component: "hub", clock: systemClock, write: () => {} }),
    logs: new LogRing(),
    hostname: "127.0.0.1",
    auditFile,
  });
  return {
    port,
    async shutdown() {
      await shutdown();
      codes.close();
    },
  };
}

async function get(hub: TestHub, path: string, token = "owner-token"): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  return await fetch(`http://127.0.0.1:${hub.port}${path}`, { headers });
}

/** Registers barn, opens a session, relays one frame and ends it. */
async function useOnce(hub: TestHub): Promise<void> {
  const token = "owner-token";
  const agent = await RawClient.upgrade(hub.port);
  await agent.send(0x81, {
    type: "register",
    agentId: "a",
    machineName: "barn",
    token,
    ports: [22],
  });
  await agent.nextMessage();
  const client = await RawClient.upgrade(hub.port);
  await client.send(0x81, {
    type: "connect",
    machineId: "barn",
    token: "alice-token",
    wgPubKey: "k",
  });
  const { sessionId } = await agent.nextMessage();
  const joined = await RawClient.upgrade(hub.port);
  await joined.send(0x81, { type: "session-join", machineId: "barn", sessionId });
  await joined.nextMessage();
  await client.nextMessage();
  await client.send(0x82, new Uint8Array([0x54, 0, 0, 1, 2, 3, 4, 9, 9, 9]));
  await joined.next();
  client.close();
  assert.deepEqual(await joined.nextMessage(), { type: "session-end" });
  for (const socket of [agent, joined]) socket.close();
}

Deno.test("a hub records sessions with identity, bytes and end, and keeps history over a restart", () =>
  inTemporaryFolder(async (dir) => {
    const first = await start(`${dir}/audit.db`);
    await useOnce(first);
    const before = await (await get(first, "/api/history")).json();
    await first.shutdown();
    const second = await start(`${dir}/audit.db`);
    const after = await (await get(second, "/api/history")).json();
    // The agent's socket may have been noticed to be gone before or after history was asked for.
    assert.deepEqual(after.events.slice(-before.events.length), before.events);
    const names = after.events.map(({ event }: { event: string }) => event);
    assert.deepEqual(names, [
      "agent-disconnect",
      "client-disconnect",
      "client-connect",
      "agent-register",
    ]);
    const { records } = await (await get(second, "/api/admin/audit?machine=barn")).json();
    const close = records.find(({ event }: { event: string }) => event === "session-close");
    assert.equal(close.identity, "alice");
    assert.equal(close.reason, "client left");
    assert.match(close.source, /^127\.0\.0\.1:\d+$/);
    assert.deepEqual([close.data.toAgentBytes, close.data.toClientBytes], [10, 0]);
    assert.ok(close.data.durationMs >= 0);
    assert.equal(close.data.session.length, 8, "not the whole id, which is the authority to join");
    const register = records.find(({ event }: { event: string }) => event === "register");
    assert.deepEqual([register.identity, register.detail], ["owner", "ports=[22]"]);
    const all = await (await get(second, "/api/admin/audit/export")).text();
    assert.deepEqual(
      all.trimEnd().split("\n").map((line) => JSON.parse(line).event)
        .filter((event) => event.startsWith("hub-")),
      ["hub-start", "hub-stop", "hub-start"],
    );
    assert.ok(!all.includes("-token"), "no token in any record");
    assert.equal((await (await get(second, "/api/admin/audit/verify")).json()).ok, true);
    await second.shutdown();
  }));

Deno.test("a hub records who asked for what, and who was refused", () =>
  inTemporaryFolder(async (dir) => {
    const hub = await start(`${dir}/audit.db`);
    const asked = [
      ["/api/status", "owner-token"],
      ["/api/status", "wrong-token"],
      ["/api/admin/logs", "alice-token"],
      ["/nowhere?token=owner-token", ""],
    ] as const;
    for (const [path, token] of asked) await (await get(hub, path, token)).body?.cancel();
    const client = await RawClient.upgrade(hub.port);
    await client.send(0x81, { type: "connect", machineId: "shed", token: "alice-token" });
    assert.equal((await client.nextMessage()).message, "Access denied");
    client.close();
    const { records } = await (await get(hub, "/api/admin/audit")).json();
    const told = records.toReversed().slice(1).map((record: Record<string, string>) => {
      const { event, result, identity, reason, detail, machine } = record;
      return [event, result, identity, event === "denial" ? reason : detail ?? reason, machine];
    });
    assert.deepEqual(told, [
      ["request", "ok", "owner", "GET /api/status", undefined],
      ["auth-failure", "refused", undefined, "unknown token", undefined],
      ["request", "refused", undefined, "GET /api/status", undefined],
      ["denial", "refused", "alice", "not an owner or admin", undefined],
      ["request", "refused", "alice", "GET /api/admin/logs", undefined],
      ["request", "failed", "owner", "GET /nowhere", undefined],
      ["denial", "refused", "alice", "may not connect", "shed"],
    ]);
    assert.ok(!JSON.stringify(records).includes("-token"));
    await hub.shutdown();
  }));

Deno.test("a hub tells its metrics, and by them and by health that its audit is degraded", () =>
  inTemporaryFolder(async (dir) => {
    const well = await start(`${dir}/audit.db`);
    await useOnce(well);
    const metrics = await (await get(well, "/metrics")).text();
    for (
      const line of [
        /^tela_hub_relayed_bytes_total\{direction="to_agent"\} 10$/m,
        /^tela_hub_events_total\{event="session-close",result="ok"\} 1$/m,
        /^tela_hub_audit_degraded\{fault="unwritable"\} 0$/m,
        /^process_resident_memory_bytes [1-9]\d{6,}$/m,
      ]
    ) assert.match(metrics, line);
    assert.equal(await (await get(well, "/healthz")).text(), "ok\n");
    await well.shutdown();
    await Deno.writeTextFile(`${dir}/file`, "");
    const ill = await start(`${dir}/file/audit.db`);
    assert.equal(await (await get(ill, "/healthz")).text(), "ok, auditDegraded: unwritable\n");
    const text = await (await get(ill, "/metrics")).text();
    assert.match(text, /^tela_hub_audit_degraded\{fault="unwritable"\} 1$/m);
    const refused = await get(ill, "/api/admin/audit");
    assert.equal(refused.status, 503);
    await refused.body?.cancel();
    await ill.shutdown();
  }));

Deno.test("a hub streams a long export, and gives it up when nobody reads on", () =>
  inTemporaryFolder(async (dir) => {
    const COUNT = 5000;
    const path = `${dir}/audit.db`;
    const store = new AuditStore({
      path,
      limits: { maxAgeMs: 0, maxBytes: 0 },
      clock: systemClock,
      log: createLog({ component: "audit", clock: systemClock, write: () => {} }),
    });
    for (let i = 0; i < COUNT; i++) {
      store.record({ event: "management", detail: "x".repeat(2000), data: { i } });
    }
    store.close();
    const hub = await start(path);
    const unread = await get(hub, "/api/admin/audit/export");
    const whole = await (await get(hub, "/api/admin/audit/export?event=management")).text();
    assert.equal(whole.trimEnd().split("\n").length, COUNT);
    await unread.body!.cancel();
    await hub.shutdown();
  }));
