import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import type { TunnelStatus } from "../../core/tunnel/mod.ts";
import { tunnelStatus } from "./_fixtures.ts";
import type { ControlEvent } from "./event_bus.ts";
import { OutputBuffer } from "./output_buffer.ts";
import { RunningClient } from "./running_client.ts";

function setUp() {
  const clock = new ManualClock(Date.UTC(2026, 7, 1, 9));
  const client = new RunningClient({ profile: "", verbose: false, clock, stop() {} });
  const tunnel: { now: TunnelStatus | undefined } = { now: undefined };
  const source = () => tunnel.now && { status: () => tunnel.now! };
  const options = { hub: "ws://h", machine: "barn", reconnect() {}, source };
  return { clock, client, tunnel, connection: client.addConnection(options) };
}

Deno.test("RunningClient tells changes of tunnels while somebody listens, and costs nothing else", () => {
  const { clock, client, tunnel } = setUp();
  tunnel.now = tunnelStatus();
  assert.equal(clock.nextTimerMs(), Infinity);
  const seen: ControlEvent[] = [];
  const subscription = client.events.subscribe((event) => seen.push(event));
  clock.advance(10_000);
  assert.deepEqual(seen, []);
  tunnel.now = tunnelStatus({ path: "direct", pathSinceWallMs: clock.wallMs() });
  clock.advance(500);
  tunnel.now = undefined;
  clock.advance(10_000);
  assert.deepEqual(seen.map(({ type }) => type), ["path_changed", "tunnel_ended"]);
  subscription[Symbol.dispose]();
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("Connection.status() tells state, ports and open connections (client 61)", async () => {
  const { client, connection, tunnel } = setUp();
  const seen: ControlEvent[] = [];
  using _subscription = client.events.subscribe((event) => seen.push(event));
  assert.equal(connection.status().state, "connecting");
  assert.equal(connection.status().tunnel, null);
  connection.bound({ local: 10_022, remote: 22, name: "SSH" });
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  connection.carries({ local: 10_022, remote: 22 }, first.promise);
  connection.carries({ local: 10_022, remote: 22 }, second.promise);
  first.resolve();
  await first.promise.finally();
  connection.setNote("no route");
  assert.equal(connection.status().note, "no route");
  tunnel.now = tunnelStatus({ state: "waiting" });
  const bound = { name: "SSH", local: 10_022, remote: 22, bindAddr: "127.0.0.1" };
  assert.deepEqual(connection.status(), {
    index: 0,
    hub: "ws://h",
    machine: "barn",
    state: "waiting",
    tunnel: tunnel.now,
    services: [{ ...bound, machine: "barn", hub: "ws://h" }],
    openConnections: 1,
    note: "no route",
  });
  tunnel.now = tunnelStatus();
  assert.equal(connection.status().note, "");
  tunnel.now = undefined;
  second.resolve();
  await second.promise.finally();
  connection.unboundAll();
  assert.equal(connection.status().openConnections, 0);
  assert.deepEqual(connection.status().services, []);
  const activity = { type: "tunnel_activity", machine: "barn", localPort: 10_022, remote: 22 };
  assert.deepEqual(seen, [
    { type: "service_bound", ...bound, machine: "barn", hub: "ws://h" },
    { ...activity, active: true },
    { ...activity, active: true },
    { ...activity, active: false },
    { ...activity, active: false },
  ]);
});

Deno.test("OutputBuffer keeps whole lines, the last 512 Ki characters once there are 1 Mi", () => {
  const output = new OutputBuffer();
  const line = "x".repeat(1023);
  for (let i = 0; i < 1024; i++) output.addLine(line);
  assert.equal(output.text.length, 1024 * 1024);
  output.addLine("last");
  assert.equal(output.text.length, 511 * 1024 + 5);
  assert.ok(output.text.startsWith("x") && output.text.endsWith("x\nlast\n"));
  output.addLine("y".repeat(2 * 1024 * 1024));
  assert.ok(output.text.length <= 1024 * 1024);
});
