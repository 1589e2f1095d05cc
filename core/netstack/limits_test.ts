/** What a peer can make the stack hold, and what it cannot do to others. */
import assert from "node:assert/strict";
import { Packet } from "../bytes/mod.ts";
import { PROTOCOL_TCP, pseudoHeaderSum, writeIpv4Header } from "../ip/mod.ts";
import { sealSegment } from "../tcp/mod.ts";
import { CLIENT, Pair, SERVER } from "./_pair.ts";

const SYN = 0x02;
const TCP_HEADER_BYTES = 20;
const IPV4_HEADER_BYTES = 20;

/** A SYN of the client from `port` to port 80, or another, as an IP packet. */
function synPacket(port: number, toPort = 80): Packet {
  const packet = new Packet(200);
  packet.start = 64;
  packet.end = packet.start + TCP_HEADER_BYTES;
  packet.bytes.fill(0, packet.start, packet.end);
  packet.view.setUint16(packet.start, port);
  packet.view.setUint16(packet.start + 2, toPort);
  packet.view.setUint32(packet.start + 4, port * 7919);
  packet.view.setUint16(packet.start + 12, (TCP_HEADER_BYTES << 10) | SYN);
  packet.view.setUint16(packet.start + 14, 65535);
  const fields = { source: CLIENT, destination: SERVER, protocol: PROTOCOL_TCP };
  sealSegment(packet, pseudoHeaderSum(fields));
  packet.start -= IPV4_HEADER_BYTES;
  writeIpv4Header(packet.view, packet.start, packet.lenBytes, fields);
  return packet;
}

Deno.test("a flood of SYNs holds no more than the backlog, and open connections go on", async () => {
  const pair = new Pair({ server: { connectTimeoutMs: 5000 } });
  const [client, server] = await pair.open();
  using _listener = pair.server.listen({ port: 80 });
  for (let i = 0; i < 10_000; i++) {
    const { bytes, start, end } = synPacket(1 + i);
    pair.server.input(bytes, start, end, pair.clock.nowMs());
  }
  assert.equal(pair.server.stats.connections, 1025);
  assert.equal(pair.server.stats.dropped.backlog, 10_000 - 1024);
  assert.equal(pair.server.stats.bufferBytes, 0);
  await pair.settle(client.write(new Uint8Array(1000)));
  assert.equal(await pair.settle(server.read(new Uint8Array(2000))), 1000);
  // Nobody answers for those ports: with resets, or not at all, the places become free again.
  await pair.pass(6000);
  assert.equal(pair.server.stats.connections, 1);
  pair.close();
});

Deno.test("a stack has at most 16,384 connections, and the next is refused both ways", async () => {
  const pair = new Pair();
  using _first = pair.server.listen({ port: 80, backlog: 20_000 });
  const arrive = (port: number) => {
    const { bytes, start, end } = synPacket(port);
    return pair.server.input(bytes, start, end, pair.clock.nowMs());
  };
  for (let port = 1; port <= 16_384; port++) assert.equal(arrive(port), "ok");
  assert.equal(arrive(20_000), "limit");
  assert.equal(pair.server.stats.connections, 16_384);
  await assert.rejects(pair.server.connect({ port: 80 }), { code: "limit" });
  pair.close();
});

Deno.test("a flood of segments to closed ports is answered by 256 resets for a flush", () => {
  const pair = new Pair();
  for (let i = 0; i < 1000; i++) {
    const { bytes, start, end } = synPacket(1 + i, 81);
    assert.equal(pair.server.input(bytes, start, end, 0), "no-connection");
  }
  pair.server.flush(0);
  assert.equal(pair.server.stats.packetsOut, 256);
  pair.close();
});

Deno.test("readers that stop hold no more than the memory of the stack, and one that reads goes on", async () => {
  const stackBufferBytes = 1 << 20;
  const pair = new Pair({ server: { stackBufferBytes }, client: { stackBufferBytes: 1 << 28 } });
  const listener = pair.server.listen({ port: 80 });
  const ends = [];
  for (let i = 0; i < 40; i++) {
    ends.push(
      await pair.settle(
        Promise.all([pair.client.connect({ port: 80 }), listener.accept()]),
      ),
    );
  }
  for (const [client] of ends.slice(1)) client.write(new Uint8Array(1 << 20)).catch(() => {});
  await pair.pass(3000);
  // A page more for each connection at most, and one that is only partly filled.
  const bound = stackBufferBytes + ends.length * 2 * 16384;
  const { bufferBytes } = pair.server.stats;
  assert.ok(bufferBytes >= stackBufferBytes && bufferBytes <= bound, `${bufferBytes}`);
  const [client, server] = ends[0]!;
  const total = 300_000;
  const writing = client.write(new Uint8Array(total));
  let got = 0;
  const reading = (async () => {
    const into = new Uint8Array(65536);
    while (got < total) got += (await server.read(into)) ?? total;
  })();
  for (let i = 0; i < 100 && got < total; i++) await pair.pass(500);
  assert.equal(got, total);
  await Promise.all([writing, reading]);
  listener.close();
  pair.close();
});

Deno.test("pathChanged() lets connections that wait for a timer go on at once", async () => {
  const pair = new Pair();
  const [client, server] = await pair.open();
  pair.cut = true;
  const writing = client.write(new Uint8Array(1000));
  await pair.pass(20_000);
  pair.cut = false;
  pair.client.pathChanged();
  assert.equal(await pair.settle(server.read(new Uint8Array(2000))), 1000);
  await writing;
  pair.close();
});

Deno.test("a defect in one connection resets it and costs the others nothing", async () => {
  const defects: unknown[] = [];
  let broken = false;
  const pair = new Pair({
    onDefect: (error) => defects.push(error),
    // From outside nothing here can be made to fail but what takes a packet.
    onServerOutput: ({ view, start }) => {
      if (broken && view.getUint16(start + 20) === 80) throw new Error("defect");
    },
  });
  const [first, firstEnd] = await pair.open(80);
  const [second, secondEnd] = await pair.open(81);
  broken = true;
  const writing = Promise.all([firstEnd, secondEnd].map((end) => end.write(new Uint8Array(10))));
  await pair.settle(writing);
  const into = new Uint8Array(100);
  assert.equal(await second.read(into), 10);
  assert.deepEqual(defects.map(String), ["Error: defect"]);
  await assert.rejects(firstEnd.read(into), { code: "aborted" });
  broken = false;
  // The reset could not be sent: the peer is told when it asks.
  const asking = assert.rejects(first.read(into), { code: "reset" });
  first.write(new Uint8Array(1)).catch(() => {});
  await pair.settle(asking);
  assert.equal(pair.server.stats.connections, 1);
  pair.close();
});

Deno.test("what takes no packet of a connection costs the others nothing in timers and in close()", async () => {
  const defects: unknown[] = [];
  let broken = false;
  const pair = new Pair({
    onDefect: (error) => defects.push(error),
    onServerOutput: ({ view, start }) => {
      if (broken && view.getUint16(start + 20) === 80) throw new Error("defect");
    },
  });
  const [, firstEnd] = await pair.open(80);
  const [second, secondEnd] = await pair.open(81);
  pair.cut = true;
  await pair.settle(Promise.all([firstEnd, secondEnd].map((end) => end.write(new Uint8Array(9)))));
  broken = true;
  pair.cut = false;
  // The timers of both run out; one cannot send again.
  await pair.pass(1000);
  assert.equal(await pair.settle(second.read(new Uint8Array(100))), 9);
  assert.equal(defects.length, 1);
  await assert.rejects(firstEnd.read(new Uint8Array(1)), { code: "aborted" });
  broken = false;
  const [third, thirdEnd] = await pair.open(80);
  broken = true;
  const readings = [third, second, thirdEnd, secondEnd].map((end) => end.read(new Uint8Array(1)));
  for (const reading of readings) reading.catch(() => {});
  pair.server.close();
  assert.equal(pair.server.stats.connections, 0);
  await assert.rejects(readings[2]!, { code: "aborted" });
  await assert.rejects(readings[3]!, { code: "aborted" });
  await assert.rejects(pair.settle(readings[1]!), { code: "reset" });
  broken = false;
  pair.client.close();
});

Deno.test("a defect while calls are settled leaves every other connection its turn", async () => {
  const defects: unknown[] = [];
  const pair = new Pair({ onDefect: (error) => defects.push(error) });
  const [first, firstEnd] = await pair.open(80);
  const [second, secondEnd] = await pair.open(81);
  const into = new Uint8Array(100);
  let broken = false;
  // Whatever its cause, it shows where the bytes are handed over, each time that is tried.
  const unusable = new Proxy(into, {
    get: (target, key) => {
      if (broken) throw new Error("defect");
      return Reflect.get(target, key);
    },
  });
  const readings = [firstEnd.read(unusable), secondEnd.read(into)] as const;
  broken = true;
  const failing = assert.rejects(readings[0], { code: "aborted" });
  await pair.settle(Promise.all([first.write(Uint8Array.of(1)), second.write(Uint8Array.of(2))]));
  assert.equal(await pair.settle(readings[1]), 1);
  await failing;
  assert.deepEqual(defects.map(String), ["Error: defect"]);
  await assert.rejects(pair.settle(first.read(into)), { code: "reset" });
  assert.equal(pair.server.stats.connections, 1);
  pair.close();
});

Deno.test("connect() whose early data cannot be had rejects with the reason, and nothing is opened", async () => {
  const pair = new Pair({ client: { synData: true } });
  const early = () => {
    throw new Error("no data");
  };
  await assert.rejects(pair.client.connect({ port: 80, early }), /no data/);
  await pair.run();
  assert.equal(pair.client.stats.connections, 0);
  pair.close();
});
