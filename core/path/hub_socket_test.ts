import assert from "node:assert/strict";
import { ManualClock, systemRandom } from "../clock/mod.ts";
import { streamPair } from "../stream/mod.ts";
import { WebSocketConnection, type WebSocketHandlers } from "../websocket/mod.ts";
import { HubSocket } from "./hub_socket.ts";

/** A hub socket and the hub's end of it, which records what arrives. */
function connect(more: Partial<WebSocketHandlers> = {}) {
  const clock = new ManualClock();
  const [a, b] = streamPair();
  const common = { clock, random: systemRandom };
  const socket = new HubSocket(
    new WebSocketConnection({ stream: a, role: "client", ...common }),
    clock,
  );
  const hub = new WebSocketConnection({ stream: b, role: "server", ...common });
  const received: string[] = [];
  const done = hub.run({
    text: (text) => received.push(text),
    binary: (bytes, start, end) => received.push(bytes.subarray(start, end).join()),
    ping: () => received.push("ping"),
    ...more,
  });
  return { clock, socket, hub, received, done };
}

/** Lets everything that is ready happen. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

Deno.test("HubSocket.next() gives control messages in order, then undefined", async () => {
  const { socket, hub, done } = connect();
  hub.sendText(`{"type":"registered","machineId":"barn"}\n`);
  hub.sendText(`{"type":"ready","sessionIdx":3}`);
  assert.deepEqual(await socket.next(), { type: "registered", machineId: "barn" });
  assert.deepEqual(await socket.next(), { type: "ready", sessionIdx: 3 });
  const last = socket.next();
  hub.close(1001, "hub shutting down");
  assert.equal(await last, undefined);
  assert.deepEqual(await socket.closed, { code: 1001, reason: "hub shutting down" });
  await done;
});

Deno.test("HubSocket skips and counts what is no known message (agent 15)", async () => {
  const { socket, hub, done } = connect();
  for (const text of ["", "hello", "[]", `{"type":"x-custom"}`, `{"type":"ready"}`]) {
    hub.sendText(text);
  }
  assert.deepEqual(await socket.next(), { type: "ready", sessionIdx: 0 });
  assert.deepEqual(socket.drops, { invalidTexts: 3, unknownTexts: 1, earlyFrames: 0 });
  socket.close();
  await done;
});

Deno.test("HubSocket keeps the first frames for the handler to come, and counts the rest", async () => {
  const { socket, hub, done } = connect();
  for (let i = 0; i < 20; i++) hub.sendBinary(new Uint8Array([i]), 0, 1);
  hub.sendText(`{"type":"session-end"}`);
  await socket.next();
  const frames: number[] = [];
  let batches = 0;
  socket.attach({
    frame: (bytes, start) => frames.push(bytes[start]!),
    batchEnd: () => batches++,
  });
  assert.deepEqual(frames, Array.from({ length: 16 }, (_, i) => i));
  assert.equal(batches, 1);
  assert.equal(socket.drops.earlyFrames, 4);
  socket.close();
  await done;
});

Deno.test("HubSocket closes on a peer that floods it with unread messages", async () => {
  const { socket, hub, done } = connect();
  for (let i = 0; i < 257; i++) hub.sendText(`{"type":"ready","sessionIdx":1}`);
  assert.equal((await done).code, 1008);
  await socket.closed;
});

Deno.test("HubSocket pings every 4 s of silence while pongs come back (agent 19)", async () => {
  const { clock, socket, received, done } = connect();
  for (let i = 0; i < 6; i++) {
    clock.advance(4_000);
    await settle();
    await settle();
  }
  assert.deepEqual(received, Array(6).fill("ping"));
  socket.close();
  await done;
});

/** A hub socket whose hub answers nothing; `advance` writes bytes to it first. */
function silentHub() {
  const clock = new ManualClock();
  const [stream, raw] = streamPair();
  const common = { clock, random: systemRandom };
  const socket = new HubSocket(
    new WebSocketConnection({ stream, role: "client", ...common }),
    clock,
  );
  const state = { ended: false };
  socket.closed.then(() => state.ended = true);
  const advance = async (ms: number, send: number[]) => {
    if (send.length > 0) await raw.write(new Uint8Array(send));
    await settle();
    clock.advance(ms);
    await settle();
  };
  return { clock, socket, state, advance };
}

Deno.test("HubSocket ends after 9.5 s without any byte; data counts (agent 19)", async () => {
  const { socket, state, advance } = silentHub();
  await advance(9_000, [0x81, 2, 0x7b, 0x7d]); // the first message
  await advance(9_000, [0x89, 0]); // a ping of the hub
  await advance(9_000, [0x8a, 0]); // a pong
  await advance(9_000, [0x81]); // the first byte of a text
  await advance(9_499, [2, 0x7b, 0x7d]); // and the rest
  assert.equal(state.ended, false);
  await advance(1, []);
  assert.equal(state.ended, true);
  assert.equal((await socket.closed).code, 1006);
});

Deno.test("HubSocket gives a hub that has said nothing yet 45 s", async () => {
  const { state, advance } = silentHub();
  await advance(44_999, []);
  assert.equal(state.ended, false);
  await advance(1, []);
  assert.equal(state.ended, true);
});

Deno.test("HubSocket.probeNow() gives a hub 4 s to answer", async () => {
  const { socket, state, advance } = silentHub();
  await advance(9_000, []);
  socket.probeNow();
  await advance(3_999, []);
  assert.equal(state.ended, false);
  await advance(1, []);
  assert.equal(state.ended, true);
});

/** A clock whose machine can sleep: timers run late then. */
class SleepingClock extends ManualClock {
  #sleptMs = 0;
  override nowMs(): number {
    return super.nowMs() + this.#sleptMs;
  }
  sleep(forMs: number): void {
    this.#sleptMs += forMs;
  }
}

Deno.test("HubSocket asks before it ends when the machine slept (wire 1.3)", async () => {
  const clock = new SleepingClock();
  const [a, b] = streamPair();
  const common = { clock, random: systemRandom };
  const ws = new WebSocketConnection({ stream: a, role: "client", ...common });
  const socket = new HubSocket(ws, clock);
  const hub = new WebSocketConnection({ stream: b, role: "server", ...common });
  let pings = 0;
  const done = hub.run({ text: () => {}, binary: () => {}, ping: () => pings++ });
  clock.sleep(600_000);
  clock.advance(4_000);
  for (let i = 0; i < 4; i++) await settle();
  assert.equal(pings, 1);
  clock.advance(3_999);
  await settle();
  socket.send({ type: "keepalive" });
  socket.close(1000);
  assert.equal((await done).code, 1000);
});

Deno.test("HubSocket keeps an offer that comes while signalling goes on", async () => {
  const { socket, hub, done } = connect();
  hub.sendText(`{"type":"udp-offer","token":"00112233445566aa","port":41820}`);
  hub.sendText(`{"type":"ready","sessionIdx":3}`);
  assert.equal((await socket.next())?.type, "ready");
  const offers: number[] = [];
  socket.attach({
    frame: () => {},
    batchEnd: () => {},
    offer: ({ port }) => offers.push(port),
  });
  hub.sendText(`{"type":"udp-offer","token":"00112233445566bb","port":41821}`);
  await settle();
  await settle();
  assert.deepEqual(offers, [41820, 41821]);
  socket.close();
  await done;
});
