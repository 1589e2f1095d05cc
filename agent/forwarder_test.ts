import assert from "node:assert/strict";
import { streamPair } from "../core/stream/mod.ts";
import { type FakeConn, fakeConn, FakeWorld, Queue, settle } from "./_fakes.ts";
import { Forwarder } from "./forwarder.ts";

const text = (value: string) => new TextEncoder().encode(value);

async function readText(stream: { read(): Promise<Uint8Array | null> }): Promise<string | null> {
  const chunk = await stream.read();
  return chunk === null ? null : new TextDecoder().decode(chunk);
}

/** A forwarder for port 22 of target `box`, and how clients connect to it. */
function start(world: FakeWorld, maxConnections?: number) {
  const accepted = new Queue<FakeConn>();
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {});
  const forwarder = new Forwarder({
    target: "box",
    surroundings: world.surroundings(),
    ...(maxConnections !== undefined && { maxConnections }),
  });
  const accept = () => Promise.race([accepted.next().then(({ conn }) => conn), ended.promise]);
  forwarder.serve({ accept }, 22);
  const connect = () => {
    const pair = fakeConn();
    accepted.push(pair);
    return pair.client;
  };
  const close = () => {
    ended.reject(new Error("closed"));
    return forwarder.close();
  };
  return { forwarder, connect, close };
}

Deno.test("Forwarder carries a client's half-close to the target and the late reply back (agent 26)", async () => {
  const world = new FakeWorld();
  const { connect, close } = start(world);
  const client = connect();
  await client.write(text("question"));
  await client.closeWrite();
  const target = await world.targets.next();
  assert.equal(await readText(target), "question");
  assert.equal(await readText(target), null);
  await target.write(text("late reply"));
  await target.closeWrite();
  assert.equal(await readText(client), "late reply");
  assert.equal(await readText(client), null);
  assert.deepEqual(world.dialled, ["box:22"]);
  await close();
});

Deno.test("Forwarder carries a target's close to the client as EOF (agent 27)", async () => {
  const world = new FakeWorld();
  const { connect, close } = start(world);
  const client = connect();
  const target = await world.targets.next();
  await target.write(text("bye"));
  await target.closeWrite();
  assert.equal(await readText(client), "bye");
  assert.equal(await readText(client), null);
  await client.write(text("still here"));
  assert.equal(await readText(target), "still here");
  await close();
});

Deno.test("Forwarder resets a client whose target refuses, and serves the next (agent 25)", async () => {
  const world = new FakeWorld();
  const dialTarget = world.dialTarget;
  world.dialTarget = () => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.1:22"));
  const { connect, close, forwarder } = start(world);
  await assert.rejects(connect().read(), /reset/);
  assert.ok(world.logged("cannot reach box:22: connect ECONNREFUSED"));
  await settle();
  assert.equal(forwarder.connections, 0);
  world.dialTarget = dialTarget;
  const client = connect();
  await (await world.targets.next()).write(text("up again"));
  assert.equal(await readText(client), "up again");
  await close();
});

Deno.test("Forwarder gives a target 10 s to answer, then resets the client", async () => {
  const world = new FakeWorld();
  world.dialTarget = (_, signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const { connect, close } = start(world);
  const client = connect();
  let failed: unknown;
  client.read().catch((error) => failed = error);
  await settle();
  world.clock.advance(9_999);
  await settle();
  assert.equal(failed, undefined);
  world.clock.advance(1);
  await settle();
  assert.match(String(failed), /reset/);
  assert.ok(world.logged("cannot reach box:22: no answer within 10 s"));
  await close();
  assert.equal(world.clock.nextTimerMs(), Infinity);
});

Deno.test("Forwarder resets connections beyond its limit, says so once, and admits again", async () => {
  const world = new FakeWorld();
  const { connect, close, forwarder } = start(world, 2);
  const clients = [connect(), connect()];
  const targets = [await world.targets.next(), await world.targets.next()];
  await assert.rejects(connect().read(), /reset/);
  await assert.rejects(connect().read(), /reset/);
  assert.equal(world.lines.filter((line) => line.includes("resetting more")).length, 1);
  for (const end of [clients[0]!, targets[0]!]) await end.closeWrite();
  await settle();
  assert.equal(forwarder.connections, 1);
  connect();
  await world.targets.next();
  assert.equal(forwarder.connections, 2);
  await close();
  assert.equal(forwarder.connections, 0);
});

Deno.test("Forwarder.close() resets both ends of every connection and of those being dialled", async () => {
  const world = new FakeWorld();
  const { connect, close, forwarder } = start(world);
  const clients = Array.from({ length: 100 }, () => connect());
  const targets = [];
  for (let i = 0; i < 100; i++) targets.push(await world.targets.next());
  world.dialTarget = (_, signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  clients.push(connect());
  await settle();
  await close();
  assert.equal(forwarder.connections, 0);
  for (const end of [...clients, ...targets]) {
    const outcome = await end.read().then((chunk) => chunk, (error) => String(error));
    assert.ok(outcome === null || String(outcome).includes("reset"), String(outcome));
  }
});

Deno.test("Forwarder drops a target that answered after the session had ended", async () => {
  const world = new FakeWorld();
  const [near, far] = streamPair();
  const dialled = Promise.withResolvers<typeof near>();
  world.dialTarget = () => dialled.promise;
  const { connect, close } = start(world);
  const client = connect();
  await settle();
  const closing = close();
  dialled.resolve(near);
  await closing;
  await assert.rejects(far.read(), /reset/);
  await assert.rejects(client.read(), /reset/);
});

Deno.test("Forwarder keeps 100 parallel connections apart (agent 29)", async () => {
  const world = new FakeWorld();
  const { connect, close } = start(world);
  const clients = Array.from({ length: 100 }, () => connect());
  await Promise.all(clients.map((client, i) => client.write(text(`client ${i}`))));
  const seen = new Set<string | null>();
  for (let i = 0; i < 100; i++) {
    const target = await world.targets.next();
    const hello = await readText(target);
    seen.add(hello);
    await target.write(text(`hello ${hello}`));
  }
  assert.equal(seen.size, 100);
  for (const [i, client] of clients.entries()) {
    assert.equal(await readText(client), `hello client ${i}`);
  }
  await close();
});
