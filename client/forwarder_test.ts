import assert from "node:assert/strict";
import { ManualClock } from "../core/clock/mod.ts";
import { RepeatLog } from "../core/log/mod.ts";
import { type ByteStream, streamPair } from "../core/stream/mod.ts";
import { FakeTunnel } from "./_fakes.ts";
import { type Dialer, Forwarder, MAX_WAITING_CONNECTIONS } from "./forwarder.ts";
import { TunnelSlot } from "./tunnel_slot.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

function forwarder() {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const failures = new RepeatLog(write, { clock: new ManualClock(0) });
  const slot = new TunnelSlot<Dialer>();
  return { slot, lines, forwarder: new Forwarder({ slot, failures, debug: () => {} }) };
}

async function readText(stream: ByteStream): Promise<string> {
  let text = "";
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
    text += new TextDecoder().decode(chunk);
  }
  return text;
}

Deno.test("forward() completes later when a connection is accepted while down (client 44)", async () => {
  const { slot, forwarder: f } = forwarder();
  const [program, accepted] = streamPair();
  const done = f.forward(accepted, 22);
  await program.write(bytes("hello"));
  await program.closeWrite();
  await settle();
  const tunnel = new FakeTunnel();
  slot.set(tunnel);
  await settle();
  const { port, stream } = tunnel.dialled[0]!;
  assert.equal(port, 22);
  assert.equal(await readText(stream), "hello");
  await stream.write(bytes("late reply"));
  await stream.closeWrite();
  assert.equal(await readText(program), "late reply");
  await done;
  assert.equal(f.connectionCount, 0);
});

Deno.test("forward() closes the local side at once when the agent refuses (client 45)", async () => {
  const { slot, lines, forwarder: f } = forwarder();
  const tunnel = new FakeTunnel();
  tunnel.mode = "refuse";
  slot.set(tunnel);
  const [program, accepted] = streamPair();
  await f.forward(accepted, 5432);
  await assert.rejects(program.read());
  assert.match(lines[0]!, /Cannot connect: refused$/);
  assert.equal(slot.current, tunnel);
});

Deno.test("forward() dials again, once, when the tunnel is lost during the dial", async () => {
  const { slot, lines, forwarder: f } = forwarder();
  const lost = new FakeTunnel();
  lost.mode = "hang";
  slot.set(lost);
  const [program, accepted] = streamPair();
  const done = f.forward(accepted, 80);
  await settle();
  lost.end();
  await settle();
  assert.equal(slot.current, undefined);
  const next = new FakeTunnel();
  slot.set(next);
  await settle();
  assert.equal(next.dialled.length, 1);
  assert.deepEqual(lines, []);
  program.close();
  next.dialled[0]!.stream.close();
  await done;
});

Deno.test("forward() stops waiting when the local side leaves, before and during a dial", async () => {
  const { slot, lines, forwarder: f } = forwarder();
  for (const [mode, leave] of [["none", "close"], ["none", "abort"], ["hang", "abort"]] as const) {
    if (mode === "hang") slot.set(Object.assign(new FakeTunnel(), { mode }));
    const [program, accepted] = streamPair();
    const done = f.forward(accepted, 22);
    await settle();
    assert.equal(f.connectionCount, 1);
    program[leave]();
    await done;
    assert.equal(f.connectionCount, 0);
  }
  assert.deepEqual(lines, []);
});

Deno.test("forward() serves a program that half-closes at once and only listens (client 46)", async () => {
  const { slot, forwarder: f } = forwarder();
  const tunnel = new FakeTunnel();
  slot.set(tunnel);
  const [program, accepted] = streamPair();
  await program.closeWrite();
  const done = f.forward(accepted, 22);
  await settle();
  const { stream } = tunnel.dialled[0]!;
  assert.equal(await stream.read(), null);
  await stream.write(bytes("banner"));
  await stream.closeWrite();
  assert.equal(await readText(program), "banner");
  await done;
});

Deno.test("forward() gives a silent half-closed program up when the tunnel is lost", async () => {
  const { slot, forwarder: f } = forwarder();
  const tunnel = Object.assign(new FakeTunnel(), { mode: "hang" as const });
  slot.set(tunnel);
  const [program, accepted] = streamPair();
  const done = f.forward(accepted, 22);
  await program.closeWrite();
  await settle();
  assert.equal(f.connectionCount, 1);
  tunnel.end();
  await done;
  await assert.rejects(program.read());
});

Deno.test("forward() refuses one connection more than may wait", async () => {
  const { lines, forwarder: f } = forwarder();
  const pairs = Array.from({ length: MAX_WAITING_CONNECTIONS }, () => streamPair());
  const all = pairs.map(([, accepted]) => f.forward(accepted, 22));
  const [program, accepted] = streamPair();
  await f.forward(accepted, 22);
  await assert.rejects(program.read());
  assert.match(lines[0]!, /Refused a connection to port 22: too many wait for the tunnel$/);
  f.close();
  await Promise.all(all);
});

Deno.test("Forwarder.close() ends waiting and open connections and refuses later ones (client 52)", async () => {
  const { slot, forwarder: f } = forwarder();
  const [waitingProgram, waiting] = streamPair();
  const waitingDone = f.forward(waiting, 22);
  await settle();
  const tunnel = new FakeTunnel();
  slot.set(tunnel);
  const [openProgram, open] = streamPair();
  const openDone = f.forward(open, 22);
  await settle();
  f.close();
  await Promise.all([waitingDone, openDone]);
  const [lateProgram, late] = streamPair();
  await f.forward(late, 22);
  for (const program of [waitingProgram, openProgram, lateProgram]) {
    await assert.rejects(program.read());
  }
  assert.equal(f.connectionCount, 0);
});
