import assert from "node:assert/strict";
import { Pair } from "./_pair.ts";
import { TcpError } from "./errors.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a listener with atSyn hands over a connection before it is open; what is written follows", async () => {
  const pair = new Pair();
  const listener = pair.server.listen({ port: 22, atSyn: true });
  const dialling = pair.client.connect({ port: 22 });
  await pair.step();
  const server = await listener.accept();
  const writing = server.write(bytes("banner"));
  await server.closeWrite();
  await pair.run();
  const client = await dialling;
  assert.equal(await writing, 6);
  const into = new Uint8Array(20);
  assert.equal(await client.read(into), 6);
  assert.equal(await client.read(into), null);
  client.close();
  server.close();
  listener.close();
  await pair.run();
});

Deno.test("abort() of a connection that was handed over at its SYN refuses the peer", async () => {
  const pair = new Pair();
  const listener = pair.server.listen({ port: 22, atSyn: true });
  const dialling = pair.client.connect({ port: 22 });
  dialling.catch(() => {});
  await pair.step();
  (await listener.accept()).abort();
  await pair.run();
  await assert.rejects(
    dialling.then((conn) => conn.read(new Uint8Array(1))),
    (error: TcpError) => error.code === "refused" || error.code === "reset",
  );
  listener.close();
  await pair.run();
});

Deno.test("a connection handed over at its SYN holds a place of the backlog until it is open or given up", async () => {
  const pair = new Pair();
  const listener = pair.server.listen({ port: 22, backlog: 1, atSyn: true });
  const first = pair.client.connect({ port: 22 });
  first.catch(() => {});
  await pair.step();
  const server = await listener.accept();
  const reading = assert.rejects(server.read(new Uint8Array(1)), { code: "timed-out" });
  pair.cut = true; // the SYN-ACK is lost
  await pair.step();
  pair.cut = false;
  const second = pair.client.connect({ port: 22 });
  second.catch(() => {});
  await pair.step();
  assert.equal(pair.server.stats.dropped.backlog, 1);
  pair.cut = true;
  for (let i = 0; i < 400; i++) {
    pair.clock.advance(1000);
    await pair.step();
  }
  await reading;
  assert.equal(pair.server.stats.connections, 0);
  listener.close();
  pair.client.close();
  pair.server.close();
  await pair.run();
});

Deno.test("a connection handed over at its SYN takes one place of the backlog", async () => {
  const pair = new Pair();
  const listener = pair.server.listen({ port: 22, backlog: 2, atSyn: true });
  const sendSyn = async () => {
    pair.client.connect({ port: 22 }).catch(() => {});
    await pair.step();
    pair.cut = true; // the SYN-ACK is lost
    await pair.step();
    pair.cut = false;
  };
  await sendSyn();
  await sendSyn();
  assert.equal(pair.server.stats.dropped.backlog, undefined);
  await sendSyn();
  assert.equal(pair.server.stats.dropped.backlog, 1);
  const first = await listener.accept();
  await sendSyn();
  assert.equal(pair.server.stats.dropped.backlog, 2, "accepted, and half-open still");
  first.abort();
  await pair.run();
  await sendSyn();
  assert.equal(pair.server.stats.dropped.backlog, 2, "given up");
  listener.close();
  pair.close();
});

Deno.test("a connection that is open holds its place of the backlog until it is accepted", async () => {
  for (const atSyn of [true, false]) {
    const pair = new Pair();
    const listener = pair.server.listen({ port: 22, backlog: 1, atSyn });
    await pair.settle(pair.client.connect({ port: 22 }));
    pair.client.connect({ port: 22 }).catch(() => {});
    await pair.run();
    assert.equal(pair.server.stats.dropped.backlog, 1);
    await listener.accept();
    await pair.settle(pair.client.connect({ port: 22 }));
    assert.equal(pair.server.stats.dropped.backlog, 1);
    listener.close();
    pair.close();
  }
});
