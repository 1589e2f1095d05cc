import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type Clock, ManualClock, systemClock, systemRandom } from "../clock/mod.ts";
import { type CloseInfo, WebSocketConnection, type WebSocketHandlers } from "./connection.ts";
import { DialError, dialWebSocket } from "./dial.ts";
import { answerUpgrade } from "./handshake.ts";
import { type ByteStream, socketStream, streamPair } from "../stream/mod.ts";
import { ClosedPort } from "../stream/testing/mod.ts";

/** Everything that happens on a connection, in order, and how it ended. */
interface Recorded {
  events: string[];
  done: Promise<CloseInfo>;
  /** Resolves when the next event has been recorded. */
  next(): Promise<string>;
}

function record(ws: WebSocketConnection, more: Partial<WebSocketHandlers> = {}): Recorded {
  const events: string[] = [];
  let wake: ((event: string) => void) | undefined;
  const push = (event: string) => {
    events.push(event);
    wake?.(event);
  };
  const done = ws.run({
    text: (text) => push(`text ${text}`),
    binary: (bytes, start, end) => push(`binary ${bytes.subarray(start, end).join()}`),
    ping: () => push("ping"),
    pong: () => push("pong"),
    ...more,
  });
  return { events, done, next: () => new Promise((resolve) => wake = resolve) };
}

function pair(clock: Clock = new ManualClock()) {
  const [a, b] = streamPair();
  const common = { clock, random: systemRandom };
  return {
    client: new WebSocketConnection({ stream: a, role: "client", ...common }),
    server: new WebSocketConnection({ stream: b, role: "server", ...common }),
    serverStream: b,
  };
}

Deno.test("WebSocketConnection carries texts, binaries and pings both ways, then a close", async () => {
  const { client, server } = pair();
  const [atClient, atServer] = [record(client), record(server)];
  client.sendText("hé");
  client.sendBinary(new Uint8Array([9, 1, 2, 9]), 1, 3);
  client.ping();
  server.sendText("x".repeat(70_000));
  client.close(1001, "bye");
  client.sendText("after close");
  assert.deepEqual(await atServer.done, { code: 1001, reason: "bye" });
  assert.deepEqual(await atClient.done, { code: 1001, reason: "bye" });
  assert.deepEqual(atServer.events, ["text hé", "binary 1,2", "ping"]);
  assert.deepEqual(atClient.events, ["text " + "x".repeat(70_000), "pong"]);
});

Deno.test("WebSocketConnection.close() still hands over what the peer had sent", async () => {
  const { client, server } = pair();
  server.close(1008, "Access denied");
  client.sendText("late");
  const [atClient, atServer] = [record(client), record(server)];
  assert.deepEqual(await atClient.done, { code: 1008, reason: "Access denied" });
  await atServer.done;
  assert.deepEqual(atServer.events, ["text late"]);
});

Deno.test("WebSocketConnection.close() cuts a peer that does not answer within 5 s", async () => {
  const clock = new ManualClock();
  const { server } = pair(clock);
  const recorded = record(server);
  server.close(1008, "why");
  clock.advance(5000);
  assert.deepEqual(await recorded.done, { code: 1008, reason: "why" });
  await server.closed;
});

Deno.test("WebSocketConnection.closeNow() sends the code and hands over nothing more", async () => {
  const { client, server } = pair();
  const [atClient, atServer] = [record(client), record(server)];
  server.closeNow(1002, "Expected JSON for first message");
  client.sendText("more");
  assert.deepEqual(await atServer.done, { code: 1002, reason: "Expected JSON for first message" });
  assert.deepEqual(await atClient.done, { code: 1002, reason: "Expected JSON for first message" });
  assert.deepEqual(atServer.events, []);
  await server.closed;
});

Deno.test("WebSocketConnection reports 1006 when the stream ends without a close frame", async () => {
  const { client, server } = pair();
  const atServer = record(server);
  client.abort();
  assert.equal((await atServer.done).code, 1006);
  assert.deepEqual(await record(client).done, { code: 1006, reason: "aborted" });
});

Deno.test("WebSocketConnection fails a peer that breaks the protocol", async () => {
  const [raw, stream] = streamPair();
  const server = new WebSocketConnection({
    stream,
    role: "server",
    clock: new ManualClock(),
    random: systemRandom,
  });
  const atServer = record(server);
  await raw.write(new Uint8Array([0x81, 0x01, 0x41]));
  assert.deepEqual(await atServer.done, { code: 1002, reason: "frame is not masked" });
  assert.deepEqual([...(await raw.read())!.subarray(0, 4)], [0x88, 21, 0x03, 0xea]);
  raw.close();
  await server.closed;
});

Deno.test("WebSocketConnection.run() holds back reading while batchEnd()'s promise is pending", async () => {
  const { client, server } = pair();
  const gate = Promise.withResolvers<void>();
  const atServer = record(server, { batchEnd: () => gate.promise });
  client.sendText("one");
  await atServer.next();
  client.sendText("two");
  await client.drained(0);
  assert.deepEqual(atServer.events, ["text one"]);
  const second = atServer.next();
  gate.resolve();
  assert.equal(await second, "text two");
  client.abort();
  await atServer.done;
});

Deno.test("WebSocketConnection.run() ends while batchEnd()'s promise is pending", async () => {
  const { client, server } = pair();
  const atServer = record(server, { batchEnd: () => new Promise(() => {}) });
  client.sendText("one");
  await atServer.next();
  server.abort();
  assert.equal((await atServer.done).code, 1006);
  client.abort();
});

Deno.test("WebSocketConnection answers a peer that pings and does not read with its latest ping alone (wire 3)", async () => {
  const [a, b] = streamPair();
  const read = Promise.withResolvers<void>();
  const write = async (bytes: Uint8Array) => {
    await read.promise;
    await b.write(bytes);
  };
  const common = { clock: new ManualClock(), random: systemRandom };
  const server = new WebSocketConnection({ stream: { ...b, write }, role: "server", ...common });
  let pings = 0;
  const atServer = record(server, { ping: () => pings++ });
  const ping = new Uint8Array(6 + 125);
  ping.set([0x89, 0x80 | 125]);
  const count = 20_000;
  for (let i = 1; i <= count; i++) {
    ping.set(new TextEncoder().encode(String(i).padStart(8, "0")), 6);
    await a.write(ping);
  }
  while (pings < count) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(server.bufferedBytes < 1_100_000, `${server.bufferedBytes} bytes of pongs`);
  read.resolve();
  await server.drained(0);
  let last = "";
  while (!last.includes(String(count))) {
    last = new TextDecoder().decode(await a.read() ?? assert.fail("the latest ping is answered"));
  }
  server.abort();
  await atServer.done;
});

Deno.test("WebSocketConnection counts what the stream has not taken, and drained() waits", async () => {
  const gate = Promise.withResolvers<void>();
  const writes: number[] = [];
  const stream: ByteStream = {
    remoteAddress: "",
    read: () => Promise.resolve(null),
    write: (bytes) => {
      writes.push(bytes.length);
      return gate.promise;
    },
    closeWrite: () => Promise.resolve(),
    close: () => {},
    abort: () => {},
  };
  const common = { clock: new ManualClock(), random: systemRandom };
  const server = new WebSocketConnection({ stream, role: "server", ...common });
  for (let i = 0; i < 100; i++) server.sendBinary(new Uint8Array(1000), 0, 1000);
  assert.equal(server.bufferedBytes, 100 * 1004);
  const drained = server.drained(50_000);
  gate.resolve();
  await drained;
  assert.ok(server.bufferedBytes <= 50_000);
  await server.drained(0);
  assert.deepEqual(writes, [65 * 1004, 35 * 1004]);
});

/** Runs `test` against a server of ours behind Node's HTTP server. */
async function withServer(
  serve: (ws: WebSocketConnection) => void,
  test: (url: string) => Promise<void>,
) {
  const http = createServer();
  const closed: Promise<void>[] = [];
  http.on("upgrade", (request, socket) => {
    const answer = answerUpgrade(request.method!, request.headers);
    socket.write(answer.response);
    const stream = socketStream(socket as Socket);
    const ws = new WebSocketConnection({
      stream,
      role: "server",
      clock: systemClock,
      random: systemRandom,
    });
    closed.push(ws.closed);
    serve(ws);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  try {
    await test(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/`);
    await Promise.all(closed);
  } finally {
    await new Promise((resolve) => http.close(resolve));
  }
}

function echo(ws: WebSocketConnection): void {
  void ws.run({
    text: (text) => ws.sendText(text),
    binary: (bytes, start, end) => ws.sendBinary(bytes, start, end),
  });
}

Deno.test("WebSocketConnection serves the platform's WebSocket behind an HTTP server", async () => {
  await withServer(echo, async (url) => {
    const native = new WebSocket(url);
    native.binaryType = "arraybuffer";
    const received: (string | number)[] = [];
    await new Promise<void>((resolve, reject) => {
      native.onerror = reject;
      native.onopen = () => {
        native.send("héllo");
        native.send(new Uint8Array(300_000));
      };
      native.onmessage = ({ data }) => {
        received.push(typeof data === "string" ? data : data.byteLength);
        if (received.length === 2) native.close(3001, "done");
      };
      native.onclose = () => resolve();
    });
    assert.deepEqual(received, ["héllo", 300_000]);
  });
});

Deno.test("dialWebSocket() opens the platform's WebSocket server and carries data", async () => {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  });
  const ws = await dialWebSocket({
    url: `ws://127.0.0.1:${server.addr.port}/any/path`,
    clock: systemClock,
    random: systemRandom,
  });
  const recorded = record(ws);
  const message = recorded.next();
  ws.sendBinary(new Uint8Array(200).fill(7), 0, 200);
  assert.equal(await message, `binary ${new Uint8Array(200).fill(7)}`);
  ws.close(1000, "");
  assert.equal((await recorded.done).code, 1000);
  await ws.closed;
  await server.shutdown();
});

Deno.test("WebSocketConnection moves 20 MB each way between its two roles", async () => {
  await withServer(echo, async (url) => {
    const ws = await dialWebSocket({ url, clock: systemClock, random: systemRandom });
    const message = new Uint8Array(16_384);
    const count = 1280;
    let received = 0;
    const done = ws.run({
      text: () => {},
      binary: (bytes, start, end) => {
        assert.equal(bytes[start], received % 256);
        assert.equal(end - start, message.length);
        if (++received === count) ws.close(1000, "");
      },
    });
    for (let i = 0; i < count; i++) {
      message[0] = i % 256;
      ws.sendBinary(message, 0, message.length);
      if (ws.bufferedBytes > 1_000_000) await ws.drained(500_000);
    }
    await done;
    assert.equal(received, count);
  });
});

async function dialFailure(url: string, more: object = {}): Promise<DialError> {
  const options = { url, clock: systemClock, random: systemRandom, ...more };
  return await dialWebSocket(options).then(
    () => assert.fail("the dial succeeded"),
    (error) => error,
  );
}

Deno.test("dialWebSocket() names what is wrong", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  const answer = async (bytes: string) => {
    const conn = await listener.accept();
    await conn.read(new Uint8Array(1000));
    await conn.write(new TextEncoder().encode(bytes));
    conn.close();
  };
  const url = `ws://127.0.0.1:${port}/`;
  for (
    const [bytes, code, reason] of [
      ["HTTP/1.1 403 Forbidden\r\n\r\n", "rejected", "it answered HTTP 403"],
      ["SSH-2.0-x\r\n\r\n", "not-websocket", "the answer is not HTTP/1.1"],
      ["", "not-websocket", "the connection closed before an answer"],
      ["x".repeat(17_000), "not-websocket", "the head of the answer is longer than 16384 bytes"],
    ] as const
  ) {
    const [error] = await Promise.all([dialFailure(url), answer(bytes)]);
    assert.equal(error.name, "DialError");
    assert.equal(error.code, code);
    assert.equal(error.message, `Cannot open a WebSocket at 127.0.0.1:${port}: ${reason}`);
  }
  listener.close();
  using closed = await ClosedPort.take();
  assert.equal((await dialFailure(`ws://127.0.0.1:${closed.port}/`)).code, "refused");
  assert.equal((await dialFailure("http://x/")).code, "bad-url");
  const secret = await dialFailure("ws://user:hunter2@127.0.0.1/");
  assert.equal(secret.code, "bad-url");
  assert.ok(!secret.message.includes("hunter2"));
});

Deno.test("dialWebSocket() says what to do when what answers does not speak TLS", async () => {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response(),
  );
  const error = await dialFailure(`wss://127.0.0.1:${server.addr.port}/`);
  assert.equal(error.code, "tls");
  assert.match(
    error.message,
    /TLS failed: what answers does not speak TLS; is it a ws:\/\/ address/,
  );
  await server.shutdown();
});

Deno.test("dialWebSocket() gives up when aborted, and after its time", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const url = `ws://127.0.0.1:${listener.addr.port}/`;
  const controller = new AbortController();
  const aborted = dialFailure(url, { signal: controller.signal });
  const clock = new ManualClock();
  const late = dialFailure(url, { clock });
  const conns = [await listener.accept(), await listener.accept()];
  controller.abort();
  clock.advance(15_000);
  assert.equal((await aborted).code, "aborted");
  assert.equal((await late).code, "timed-out");
  for (const conn of conns) conn.close();
  listener.close();
});
