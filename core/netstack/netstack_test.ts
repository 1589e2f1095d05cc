import assert from "node:assert/strict";
import { foldChecksum, sumWords, writeIpv4Header } from "../ip/mod.ts";
import { CLIENT, Pair, SERVER } from "./_pair.ts";
import { type TcpConn, TcpError, type TcpErrorCode } from "./mod.ts";

async function rejects(promise: Promise<unknown>, code: TcpErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof TcpError, String(error));
    assert.equal(error.name, "TcpError");
    assert.equal(error.code, code);
    return true;
  });
}

const text = (value: string) => new TextEncoder().encode(value);

Deno.test("connect() and accept() give the two ends of one connection", async () => {
  const pair = new Pair();
  const [client, server] = await pair.open(22);
  assert.deepEqual(client.remoteAddr, { transport: "tcp", hostname: "10.77.1.1", port: 22 });
  assert.deepEqual(server.localAddr, client.remoteAddr);
  assert.deepEqual(server.remoteAddr, client.localAddr);
  assert.equal(client.localAddr.hostname, "10.77.1.2");
  assert.ok(client.localAddr.port >= 32768);
  pair.close();
});

Deno.test("read() takes what is buffered without waiting, and waits otherwise", async () => {
  const pair = new Pair();
  const [client, server] = await pair.open();
  const into = new Uint8Array(3);
  const waiting = server.read(into);
  assert.equal(await client.write(text("abcdef")), 6);
  assert.equal(await pair.settle(waiting), 3);
  assert.deepEqual(into, text("abc"));
  assert.equal(await server.read(into), 3);
  assert.deepEqual(into, text("def"));
  assert.equal(await server.read(new Uint8Array(0)), 0);
  pair.close();
});

Deno.test("one read and one write at a time: a second one rejects with TypeError", async () => {
  const pair = new Pair({ client: { sendBufferBytes: 1024 } });
  const [client] = await pair.open();
  const reading = client.read(new Uint8Array(1));
  await assert.rejects(client.read(new Uint8Array(1)), TypeError);
  const writing = client.write(new Uint8Array(5000));
  await assert.rejects(client.write(new Uint8Array(1)), TypeError);
  await pair.pass(1000);
  assert.equal(await writing, 5000);
  client.close();
  await rejects(reading, "closed");
  pair.close();
});

Deno.test("half-close: each direction ends on its own (wire 3.5)", async () => {
  const pair = new Pair();
  const [client, server] = await pair.open();
  const into = new Uint8Array(10);
  await client.write(text("question"));
  await client.closeWrite();
  await pair.run();
  assert.equal(await server.read(into), 8);
  assert.equal(await server.read(into), null);
  assert.equal(await server.read(into), null);
  await server.write(text("answer"));
  await server.closeWrite();
  await server.closeWrite();
  await pair.run();
  assert.equal(await client.read(into), 6);
  assert.equal(await client.read(into), null);
  await rejects(client.write(text("x")), "closed");
  await pair.pass(3000);
  assert.equal(pair.client.stats.connections, 0);
  assert.equal(pair.server.stats.connections, 0);
  assert.equal(pair.client.stats.bufferBytes, 0);
  pair.close();
});

Deno.test("pipeTo() carries a stream to its end and half-closes", async () => {
  const pair = new Pair({ server: { sendBufferBytes: 4096 } });
  const [client, server] = await pair.open();
  const echo = server.readable.pipeTo(server.writable);
  const payload = Uint8Array.from({ length: 300_000 }, (_, i) => i % 253);
  const sending = ReadableStream.from([payload]).pipeTo(client.writable);
  const result = new Response(client.readable).bytes();
  let done = false;
  const all = Promise.all([echo, sending, result]).finally(() => done = true);
  while (!done) await pair.pass(50);
  assert.deepEqual((await all)[2], payload);
  pair.close();
});

Deno.test("connect() is refused by a port without a listener", async () => {
  const pair = new Pair();
  await rejects(pair.settle(pair.client.connect({ port: 17377 })), "refused");
  assert.equal(pair.client.stats.connections, 0);
  assert.equal(pair.server.stats.dropped["no-connection"], 1);
  pair.close();
});

Deno.test("connect() times out, is aborted by its signal, and ends with the stack", async () => {
  const pair = new Pair({ client: { connectTimeoutMs: 2000 } });
  pair.cut = true;
  const late = pair.client.connect({ port: 80 });
  late.catch(() => {});
  await pair.pass(2100);
  await rejects(late, "timed-out");
  const controller = new AbortController();
  const stopped = pair.client.connect({ port: 80, signal: controller.signal });
  controller.abort(new Error("enough"));
  await rejects(stopped, "aborted");
  await assert.rejects(stopped, (error: TcpError) => (error.cause as Error).message === "enough");
  await rejects(pair.client.connect({ port: 80, signal: AbortSignal.abort() }), "aborted");
  const last = pair.client.connect({ port: 80 });
  pair.close();
  await rejects(last, "closed");
  await rejects(pair.client.connect({ port: 80 }), "closed");
  assert.throws(() => pair.client.listen({ port: 80 }), TcpError);
  assert.equal(pair.clock.nextTimerMs(), Infinity);
});

Deno.test("abort() rejects here with aborted and there with reset", async () => {
  const pair = new Pair();
  const [client, server] = await pair.open();
  const [here, there] = [client.read(new Uint8Array(1)), server.read(new Uint8Array(1))];
  here.catch(() => {});
  there.catch(() => {});
  client.abort();
  await pair.run();
  await rejects(here, "aborted");
  await rejects(there, "reset");
  await rejects(server.write(text("x")), "reset");
  await rejects(server.closeWrite(), "reset");
  await rejects(client.write(text("x")), "aborted");
  pair.close();
});

Deno.test("close() delivers what was written, then FIN", async () => {
  const pair = new Pair();
  const [client, server] = await pair.open();
  await client.write(new Uint8Array(100_000));
  client.close();
  client.close();
  await rejects(client.read(new Uint8Array(1)), "closed");
  await pair.run();
  assert.equal((await pair.settle(new Response(server.readable).bytes())).length, 100_000);
  pair.close();
});

Deno.test("close() with unread data resets, and so does data that comes after it", async () => {
  const pair = new Pair();
  const [client, server] = await pair.open();
  await client.write(text("unread"));
  await pair.run();
  server.close();
  await pair.run();
  await rejects(client.read(new Uint8Array(1)), "reset");
  const [client2, server2] = await pair.open(81);
  server2.close();
  await pair.run();
  assert.equal(await client2.read(new Uint8Array(1)), null);
  await client2.write(text("late"));
  await pair.run();
  await rejects(client2.write(text("x")), "reset");
  pair.close();
});

Deno.test("a listener bounds its backlog; places are freed by accepting", async () => {
  const pair = new Pair();
  const listener = pair.server.listen({ port: 80, backlog: 2 });
  const opened: TcpConn[] = [];
  for (let i = 0; i < 3; i++) {
    pair.client.connect({ port: 80 }).then((conn) => opened.push(conn), () => {});
  }
  await pair.run();
  assert.equal(opened.length, 2);
  assert.equal(pair.server.stats.dropped.backlog, 1);
  await listener.accept();
  await pair.pass(1100);
  assert.equal(opened.length, 3);
  pair.close();
});

Deno.test("closing a listener resets what was not accepted and ends its iteration", async () => {
  const pair = new Pair();
  const listener = pair.server.listen({ port: 80 });
  assert.throws(() => pair.server.listen({ port: 80 }), { code: "in-use" });
  const client = await pair.settle(pair.client.connect({ port: 80 }));
  listener.close();
  listener.close();
  await pair.run();
  await rejects(client.read(new Uint8Array(1)), "reset");
  for await (const _ of listener) assert.fail("accepted after close");
  await rejects(listener.accept(), "closed");
  const again = pair.server.listen({ port: 80 });
  const accepting = again.accept();
  again.close();
  await rejects(accepting, "closed");
  await rejects(pair.settle(pair.client.connect({ port: 80 })), "refused");
  pair.close();
});

Deno.test("a reader that stops closes its own window and nobody else's", async () => {
  const pair = new Pair({
    server: { receiveBufferBytes: 20_000 },
    client: { sendBufferBytes: 20_000 },
  });
  const [slow, slowThere] = await pair.open(80);
  const [fast, fastThere] = await pair.open(81);
  let stuck = true;
  const sending = slow.write(new Uint8Array(60_000)).then(() => stuck = false);
  await pair.pass(30_000);
  assert.equal(stuck, true);
  const copied = new Response(fastThere.readable).bytes();
  const writing = fast.write(new Uint8Array(200_000)).then(() => fast.closeWrite());
  await pair.pass(2000);
  await writing;
  assert.equal((await copied).length, 200_000);
  const into = new Uint8Array(4096);
  let got = 0;
  while (got < 60_000) {
    const reading = slowThere.read(into);
    await pair.pass(50);
    got += (await reading)!;
  }
  await sending;
  pair.close();
});

Deno.test("close() of the stack settles everything that waits, on both ends", async () => {
  const pair = new Pair();
  const [client, server] = await pair.open();
  const listener = pair.client.listen({ port: 9 });
  const waiting = [client.read(new Uint8Array(1)), listener.accept()] as const;
  for (const one of waiting) one.catch(() => {});
  const there = server.read(new Uint8Array(1));
  there.catch(() => {});
  pair.client.close();
  await pair.run();
  await rejects(waiting[0], "aborted");
  await rejects(waiting[1], "closed");
  await rejects(there, "reset");
  assert.equal(pair.client.input(new Uint8Array(40), 0, 40, 0), "closed");
  pair.close();
});

Deno.test("setMtu() changes the segments of open connections", async () => {
  const pair = new Pair();
  const [client, server] = await pair.open();
  pair.client.setMtu(600);
  const before = pair.client.stats.packetsOut;
  await client.write(new Uint8Array(5600));
  await pair.run();
  assert.equal(await server.read(new Uint8Array(9000)), 5600);
  assert.ok(pair.client.stats.packetsOut - before >= 10);
  assert.throws(() => pair.client.setMtu(127), RangeError);
  assert.throws(() => pair.client.setMtu(1501), RangeError);
  pair.close();
});

Deno.test("pause() holds data back, not acknowledgements, and resume() lets it go", async () => {
  const pair = new Pair();
  const [client, server] = await pair.open();
  pair.client.pause();
  await client.write(new Uint8Array(50_000));
  await server.write(new Uint8Array(3000));
  await pair.pass(1000);
  const waiting = server.read(new Uint8Array(60_000));
  await pair.run();
  assert.equal(await client.read(new Uint8Array(4000)), 3000);
  assert.equal(pair.server.stats.bufferBytes, 0);
  pair.client.resume();
  await pair.pass(100);
  assert.ok((await waiting)! > 0);
  assert.equal(pair.client.stats.bufferBytes, 0);
  pair.close();
});

Deno.test("a full carrier is shared: no connection starves behind another", async () => {
  const pair = new Pair();
  const ends = [await pair.open(80), await pair.open(81), await pair.open(82)];
  pair.client.pause();
  for (const [client] of ends) await client.write(new Uint8Array(250_000));
  const received = [0, 0, 0];
  const reading = ends.map(async ([, server], i) => {
    const into = new Uint8Array(70_000);
    for (;;) received[i]! += (await server.read(into)) ?? 0;
  });
  for (const one of reading) one.catch(() => {});
  for (let round = 0; round < 60; round++) {
    pair.clientBudget = 8;
    pair.client.resume();
    await pair.run();
  }
  const [least, most] = [Math.min(...received), Math.max(...received)];
  assert.ok(least > most / 2, received.join());
  pair.close();
});

Deno.test("input() answers a ping", async () => {
  const pair = new Pair();
  const bytes = new Uint8Array(40);
  const view = new DataView(bytes.buffer);
  bytes.set([8, 0, 0, 0, 1, 2, 0, 1, 42], 20);
  view.setUint16(22, foldChecksum(sumWords(view, 20, 40, 0)));
  writeIpv4Header(view, 0, 40, { source: CLIENT, destination: SERVER, protocol: 1 });
  for (let i = 0; i < 20; i++) {
    assert.equal(pair.server.input(bytes, 0, 40, 0), i < 16 ? "ok" : "limit");
  }
  pair.server.flush(0);
  assert.equal(pair.server.stats.packetsOut, 16);
  await pair.run();
  pair.server.pause();
  assert.equal(pair.server.input(bytes, 0, 40, 0), "limit", "the carrier is full");
  pair.server.resume();
  assert.equal(pair.server.input(bytes, 0, 40, 0), "ok");
  await pair.run();
  pair.close();
});

Deno.test("input() drops and counts what is not for this stack", () => {
  const pair = new Pair();
  const table: [string, (bytes: Uint8Array<ArrayBuffer>) => void][] = [
    ["ip-version", (b) => b[0] = 0x65],
    ["source", (b) =>
      writeIpv4Header(new DataView(b.buffer), 0, 40, {
        source: SERVER,
        destination: SERVER,
        protocol: 6,
      })],
    ["destination", (b) =>
      writeIpv4Header(new DataView(b.buffer), 0, 40, {
        source: CLIENT,
        destination: CLIENT,
        protocol: 6,
      })],
    ["protocol", (b) =>
      writeIpv4Header(new DataView(b.buffer), 0, 40, {
        source: CLIENT,
        destination: SERVER,
        protocol: 17,
      })],
    ["tcp-header-length", () => {}],
  ];
  for (const [reason, change] of table) {
    const bytes = new Uint8Array(40);
    const fields = { source: CLIENT, destination: SERVER, protocol: 6 };
    writeIpv4Header(new DataView(bytes.buffer), 0, 40, fields);
    change(bytes);
    assert.equal(pair.server.input(bytes, 0, 40, 0), reason);
    assert.equal(pair.server.stats.dropped[reason as "source"], 1);
  }
  assert.equal(pair.server.stats.packetsIn, table.length);
  pair.close();
});

Deno.test("idle connections hold no buffer memory", async () => {
  const pair = new Pair();
  const listener = pair.server.listen({ port: 80 });
  for (let i = 0; i < 50; i++) {
    const [client, server] = await pair.settle(
      Promise.all([pair.client.connect({ port: 80 }), listener.accept()]),
    );
    await client.write(new Uint8Array(30_000));
    await pair.run();
    assert.equal(await server.read(new Uint8Array(40_000)), 30_000);
    await pair.run();
  }
  await pair.pass(100);
  assert.equal(pair.client.stats.connections, 50);
  assert.equal(pair.client.stats.bufferBytes + pair.server.stats.bufferBytes, 0);
  pair.close();
});
