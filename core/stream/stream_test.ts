import assert from "node:assert/strict";
import { connStream } from "./conn_stream.ts";
import type { ByteStream } from "./stream.ts";
import { streamPair } from "./stream_pair.ts";
import { dialTcp } from "./tcp.ts";
import { listenTcp } from "./tcp_server.ts";
import { ClosedPort, tcpPair } from "./testing/mod.ts";
import { withHead } from "./with_head.ts";

const LOOPBACK = "127.0.0.1";

/** Two connected streams of each implementation; what `b` cannot do is said. */
const IMPLEMENTATIONS: [name: string, make: () => Promise<[ByteStream, ByteStream]>][] = [
  ["streamPair()", () => Promise.resolve(streamPair())],
  ["dialTcp() and listenTcp()", () => tcpPair()],
  ["dialTcp() and listenTcp() by node:net", () => tcpPair({ viaNode: true })],
  ["dialTcp() by node:net and listenTcp()", () => tcpPair({ dialViaNode: true })],
  ["dialTcp() and connStream()", async () => {
    const listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
    const dialling = dialTcp({ hostname: LOOPBACK, port: listener.addr.port });
    const b = connStream(await listener.accept());
    listener.close();
    return [await dialling, b];
  }],
];

const bytes = (text: string) => new TextEncoder().encode(text);

async function readAll(stream: ByteStream): Promise<string> {
  let text = "";
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
    text += new TextDecoder().decode(chunk);
  }
  return text;
}

for (const [name, make] of IMPLEMENTATIONS) {
  Deno.test(`${name} carry bytes and FIN each way on its own`, async () => {
    const [a, b] = await make();
    await a.write(bytes("request"));
    await a.closeWrite();
    assert.equal(await readAll(b), "request");
    await b.write(bytes("late reply"));
    await b.closeWrite();
    assert.equal(await readAll(a), "late reply");
    a.close();
    b.close();
    a.close();
  });

  Deno.test(`${name} settle a pending read when closed`, async () => {
    const [a, b] = await make();
    const [atA, atB] = [a.read(), b.read()];
    b.close();
    assert.equal(await atB, null);
    assert.equal(await atA, null);
    a.close();
    assert.equal(await a.read(), null);
  });

  Deno.test(`${name} settle closeWrite() when aborted before, at once or later`, async () => {
    const [a, b] = await make();
    a.abort();
    await a.closeWrite().catch(() => {});
    while (await a.read() !== null);
    await a.closeWrite().catch(() => {});
    b.close();
  });

  Deno.test(`${name} reject writing once closed`, async () => {
    const [a, b] = await make();
    a.close();
    await assert.rejects(a.write(bytes("x")));
    b.close();
  });

  Deno.test(`${name} carry a reset as an error, not as an end`, async () => {
    const [a, b] = await make();
    await a.write(bytes("part"));
    assert.equal((await b.read())?.length, 4);
    const pending = b.read();
    a.abort();
    await assert.rejects(pending);
    b.close();
  });

  Deno.test(`${name} hold back a writer whose reader is slow, and lose nothing`, async () => {
    const [a, b] = await make();
    const piece = new Uint8Array(1_000_000);
    const sending = (async () => {
      for (let i = 0; i < 20; i++) await a.write(piece.fill(i));
      await a.closeWrite();
    })();
    let total = 0;
    for (let chunk = await b.read(); chunk !== null; chunk = await b.read()) {
      total += chunk.length;
      assert.equal(chunk[0], Math.floor((total - chunk.length) / 1_000_000));
    }
    await sending;
    assert.equal(total, 20_000_000);
    a.close();
    b.close();
  });
}

Deno.test("dialTcp() rejects with the system's code, or the signal's reason", async () => {
  using closed = await ClosedPort.take();
  const { port } = closed;
  await assert.rejects(dialTcp({ hostname: LOOPBACK, port }), { code: "ECONNREFUSED" });
  const reason = new Error("stop");
  await assert.rejects(dialTcp({ hostname: LOOPBACK, port }, AbortSignal.abort(reason)), reason);
});

for (const viaNode of [false, true]) {
  const by = viaNode ? "node:net" : "the runtime's TCP";

  Deno.test(`dialTcp() by ${by} is given up while the other end takes no connection`, async () => {
    // Those beyond its backlog are not answered.
    using listener = Deno.listen({ hostname: LOOPBACK, port: 0, tcpBacklog: 4 });
    const { hostname, port } = listener.addr;
    const stop = new AbortController();
    const first = dialTcp({ hostname, port }, stop.signal, { viaNode });
    const dials = Array.from(
      { length: 20 },
      () => dialTcp({ hostname, port }, stop.signal, { viaNode }),
    );
    (await first).close();
    const reason = new Error("stop");
    stop.abort(reason);
    const outcomes = await Promise.allSettled(dials);
    const failed = outcomes.filter((outcome) => outcome.status === "rejected");
    for (const outcome of outcomes) if (outcome.status === "fulfilled") outcome.value.close();
    assert.ok(failed.length > 0);
    assert.ok(failed.every((outcome) => outcome.reason === reason));
  });

  Deno.test(`a connection by ${by} tells the system's code once it is reset`, async () => {
    const [a, b] = await tcpPair({ viaNode });
    const pending = b.read();
    a.abort();
    await assert.rejects(pending, { code: "ECONNRESET" });
    await assert.rejects(async () => {
      for (;;) await b.write(bytes("x"));
    });
    b.close();
  });

  Deno.test(`closing a connection by ${by} rejects the write under way`, async () => {
    const [a, b] = await tcpPair({ viaNode });
    const writing = assert.rejects(async () => {
      for (;;) await a.write(new Uint8Array(1_000_000));
    });
    // Enough was read for what is under way to be far beyond what the system takes.
    for (let read = 0; read < 10_000_000;) read += (await b.read())!.length;
    a.close();
    await writing;
    b.close();
  });
}

Deno.test("dialTcp() and listenTcp() know names and IPv6", async () => {
  const hosts = ["localhost"];
  if (Deno.networkInterfaces().some(({ address }) => address === "::1")) hosts.push("::1");
  for (const hostname of hosts) {
    const accepted = Promise.withResolvers<ByteStream>();
    const server = await listenTcp({ hostname, port: 0 }, accepted.resolve);
    const a = await dialTcp({ hostname, port: server.port });
    const b = await accepted.promise;
    server.close();
    await a.write(bytes("x"));
    assert.equal((await b.read())?.length, 1);
    assert.match(b.remoteAddress, /^(127\.0\.0\.1|::1):\d+$/);
    a.close();
    b.close();
  }
});

Deno.test("listenTcp() rejects for a port in use", async () => {
  const server = await listenTcp({ hostname: LOOPBACK, port: 0 }, (stream) => stream.close());
  await assert.rejects(
    listenTcp({ hostname: LOOPBACK, port: server.port }, (stream) => stream.close()),
    { code: "EADDRINUSE" },
  );
  server.close();
});

Deno.test("withHead() gives the bytes put back, then the stream's own", async () => {
  const [a, b] = streamPair();
  const headed = withHead(b, bytes("head "));
  await a.write(bytes("and body"));
  await a.closeWrite();
  assert.equal(await readAll(headed), "head and body");
  assert.equal(withHead(b, new Uint8Array(0)), b);
  headed.close();
  a.close();
});
