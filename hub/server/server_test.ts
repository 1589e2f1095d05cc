import assert from "node:assert/strict";
import { systemClock, systemRandom } from "../../core/clock/mod.ts";
import { Router } from "../http/mod.ts";
import { RawClient, SwitchboardRig, UPGRADE_HEADERS } from "../testing/mod.ts";
import { OPEN, SECURED, withHub } from "./_started_hub.ts";
import { HttpServer, type HttpServerOptions } from "./http_server.ts";
import { WaitingPeers } from "./waiting_peers.ts";

async function agent(port: number, fields: object = {}): Promise<RawClient> {
  const client = await RawClient.upgrade(port);
  await client.send(0x81, { type: "register", agentId: "a", machineName: "barn", ...fields });
  assert.deepEqual(await client.nextMessage(), { type: "registered", machineId: "barn" });
  return client;
}

/** Client and agent's session socket, with all of signalling behind them. */
async function pair(
  port: number,
  control: RawClient,
): Promise<{ client: RawClient; joined: RawClient }> {
  const client = await RawClient.upgrade(port);
  await client.send(0x81, { type: "connect", machineId: "barn", wgPubKey: "k" });
  const { sessionId } = await control.nextMessage();
  const joined = await RawClient.upgrade(port);
  await joined.send(0x81, { type: "session-join", machineId: "barn", sessionId });
  assert.equal((await joined.nextMessage()).type, "session-start");
  assert.equal((await joined.nextMessage()).type, "udp-offer");
  assert.equal((await client.nextMessage()).type, "ready");
  assert.equal((await client.nextMessage()).type, "udp-offer");
  return { client, joined };
}

Deno.test("the hub upgrades on /, /ws and any path that no route claims (wire 1, hub 65)", () =>
  withHub(async ({ port }) => {
    for (const path of ["/", "/ws", "/any//../thing?x=y"]) {
      (await RawClient.upgrade(port, path)).close();
    }
    const claimed = await RawClient.connect(port);
    assert.match(await claimed.request("/api/status", UPGRADE_HEADERS), /^HTTP\/1\.1 400 /);
    claimed.close();
    const old = await RawClient.connect(port);
    const headers = UPGRADE_HEADERS.map((header) => header.replace("13", "8"));
    assert.match(await old.request("/", headers), /^HTTP\/1\.1 426 /);
    old.close();
  }));

Deno.test("a secured hub refuses a foreign Origin, an open one does not (wire 2, hub 65)", async () => {
  const statusOf = async (port: number, origin: string) => {
    const client = await RawClient.connect(port);
    const head = await client.request("/", [...UPGRADE_HEADERS, `Origin: ${origin}`]);
    client.close();
    return head.slice(9, 12);
  };
  await withHub(async ({ port }, lines) => {
    assert.equal(await statusOf(port, "https://evil.example"), "403");
    assert.equal(await statusOf(port, "https://hub"), "101");
    assert.match(lines[1]!, /upgrade refused: 403 Forbidden, from 127\.0\.0\.1:\d+$/);
  }, SECURED);
  await withHub(async ({ port }) => {
    assert.equal(await statusOf(port, "https://evil.example"), "101");
  });
});

Deno.test("the hub answers pings in every state with their payload (wire 3)", () =>
  withHub(async ({ port }) => {
    const fresh = await RawClient.upgrade(port);
    const control = await agent(port);
    const { client, joined } = await pair(port, control);
    const sockets = [fresh, control, client, joined];
    for (const socket of sockets) {
      await socket.send(0x89, "are you there");
      const pong = await socket.next();
      assert.equal(pong!.first, 0x8a);
      assert.equal(new TextDecoder().decode(pong!.payload), "are you there");
    }
    for (const socket of sockets) socket.close();
  }));

Deno.test("the hub puts fragments together, with a ping among them (wire 4)", () =>
  withHub(async ({ port }) => {
    const client = await RawClient.upgrade(port);
    const owner = "x".repeat(20 * 1024);
    const text = JSON.stringify({ type: "register", agentId: "a", machineName: "barn", owner });
    await client.send(0x01, text.slice(0, 7));
    await client.send(0x00, text.slice(7, 9000));
    await client.send(0x89, "");
    await client.send(0x80, text.slice(9000));
    assert.equal((await client.next())!.first, 0x8a);
    assert.deepEqual(await client.nextMessage(), { type: "registered", machineId: "barn" });
    client.close();
  }));

Deno.test("a refusal is an error, then 1008; the hub waits for the peer's close (wire 5, 6)", async () => {
  await withHub(async ({ port }) => {
    const client = await RawClient.upgrade(port);
    await client.send(0x81, { type: "register", machineName: "barn" });
    const message = "register: agentId is required";
    assert.deepEqual(await client.nextMessage(), { type: "error", message });
    assert.equal(await client.nextClose(), `1008 ${message}`);
    await client.send(0x88, new Uint8Array([3, 0xf0]));
    assert.equal(await client.next(), undefined);
    client.close();
  });
  await withHub(async ({ port }, lines) => {
    const client = await RawClient.upgrade(port);
    await client.send(0x81, { type: "register", agentId: "a", machineName: "b", token: "s3cret" });
    assert.deepEqual(await client.nextMessage(), { type: "error", message: "Access denied" });
    assert.equal(await client.nextClose(), "1008 Access denied");
    client.close();
    assert.doesNotMatch(lines.join(), /s3cret/);
  }, SECURED);
});

Deno.test("what is no JSON before pairing is closed with 1002 (wire 19)", () =>
  withHub(async ({ port }) => {
    for (const first of [0x81, 0x82]) {
      const client = await RawClient.upgrade(port);
      await client.send(first, "hello");
      assert.equal(await client.nextClose(), "1002 Expected JSON for first message");
      assert.equal(await client.next(), undefined);
      client.close();
    }
  }));

Deno.test("frames and texts cross the hub, hop counted, the rest unchanged (wire 20, 21, 23)", () =>
  withHub(async ({ port, stats }) => {
    const control = await agent(port);
    const { client, joined } = await pair(port, control);
    const payload = Uint8Array.from({ length: 5000 }, (_, i) => i * 7);
    await client.send(0x82, new Uint8Array([0x54, 0, 0, 1, 2, 3, 4, ...payload]));
    const frame = await joined.next();
    assert.equal(frame!.first, 0x82);
    assert.deepEqual(frame!.payload, new Uint8Array([0x54, 7, 0, 1, 2, 3, 4, ...payload]));
    await joined.send(0x81, '{"type":"keepalive"}');
    await joined.send(0x81, '{"type":"x-custom",  "é":1}');
    assert.equal(
      new TextDecoder().decode((await client.next())!.payload),
      '{"type":"x-custom",  "é":1}',
    );
    assert.deepEqual(stats.toAgent, { frames: 1, bytes: 5007 });
    for (const socket of [control, client, joined]) socket.close();
  }));

Deno.test("a lost client ends the agent's socket, a lost agent the client's (wire 25, 26)", () =>
  withHub(async ({ port }) => {
    const control = await agent(port);
    const first = await pair(port, control);
    first.client.close();
    assert.deepEqual(await first.joined.nextMessage(), { type: "session-end" });
    assert.equal(await first.joined.nextClose(), "1000 session ended");
    first.joined.close();

    const second = await pair(port, control);
    second.joined.close();
    assert.equal(await second.client.nextClose(), "1001 agent session ended");
    second.client.close();

    const third = await pair(port, control);
    control.close();
    assert.equal(await third.client.nextClose(), "1001 agent disconnected");
    assert.equal(await third.joined.next(), undefined, "cut without a close frame");
    third.client.close();
    third.joined.close();
  }));

Deno.test("a peer that stops reading loses frames, not texts; nobody else waits for it", () =>
  withHub(async ({ port, stats }) => {
    const control = await agent(port);
    const stalled = await pair(port, control);
    const other = await pair(port, control);
    const frame = new Uint8Array(16 * 1024).fill(0x54);
    let sentFrames = 0;
    while (stats.slowReceiver === 0) {
      for (let i = 0; i < 8; i++, sentFrames++) await stalled.joined.send(0x82, frame);
      await other.joined.send(0x81, "still here?");
      assert.equal((await other.client.next())!.first, 0x81);
    }
    await stalled.joined.send(0x81, "the last word");
    let receivedFrames = 0;
    for (let message = await stalled.client.next(); message!.first !== 0x81; receivedFrames++) {
      message = await stalled.client.next();
    }
    assert.ok(receivedFrames > 0 && receivedFrames < sentFrames, `${receivedFrames}/${sentFrames}`);
    const { slowReceiver } = stats;
    await stalled.joined.send(0x82, frame);
    assert.equal((await stalled.client.next())!.first, 0x82, "and is served again");
    assert.equal(stats.slowReceiver, slowReceiver);
    for (const { client, joined } of [stalled, other]) {
      client.close();
      joined.close();
    }
    control.close();
  }));

Deno.test("HTTP works beside WebSockets: status, redirects, HEAD, 404 (hub 64)", () =>
  withHub(async ({ port }) => {
    const base = `http://127.0.0.1:${port}`;
    const status = await fetch(`${base}/api/status`);
    assert.equal(status.status, 200);
    assert.equal((await status.json()).hubName, "lab");
    const head = await fetch(`${base}/healthz`, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("content-length")], [200, "3"]);
    assert.equal(await head.text(), "");
    const unknown = await fetch(`${base}/api/hubs`);
    assert.deepEqual([unknown.status, await unknown.text()], [404, "404 page not found\n"]);
    const posted = await fetch(`${base}/status`, { method: "POST", body: "x".repeat(100_000) });
    assert.equal(posted.status, 200);
    await posted.body?.cancel();
    const raw = await RawClient.connect(port);
    const redirect = await raw.request("//evil.example/../api//status?x=1");
    assert.match(redirect, /^HTTP\/1\.1 301 /);
    assert.match(redirect, /^location: \/api\/status\?x=1\r$/im);
    raw.close();
  }));

const ABUSE: [what: string, request: string, status: string][] = [
  ["TLS", "\x16\x03\x01\x02\x00\x01\r\n\r\n", "400"],
  ["no host", "GET /healthz HTTP/1.1\r\n\r\n", "400"],
  ["a huge header", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20_000)}\r\n\r\n`, "431"],
  [
    "two lengths",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
    "400",
  ],
  [
    "another protocol",
    "GET /none HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    "404",
  ],
  ["TLS that is not finished", "\x16\x03\x01", "400"],
  ["TRACE", "TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", "400"],
  ["a backslash", "GET //\\evil.example HTTP/1.1\r\nHost: x\r\n\r\n", "400"],
];

Deno.test("requests that no program sends get a clean 4xx", () =>
  withHub(async ({ port }) => {
    for (const [what, request, status] of ABUSE) {
      const client = await RawClient.connect(port);
      await client.write(request);
      assert.equal((await client.line()).slice(9, 12), status, what);
      client.close();
    }
  }));

function bareServer(options: Partial<HttpServerOptions>): HttpServer {
  const unused = undefined as never;
  return new HttpServer({
    router: unused,
    switchboard: unused,
    isSecured: () => false,
    clock: systemClock,
    random: systemRandom,
    repeats: unused,
    ...options,
  });
}

const REQUEST_LINE = "GET / HTTP/1.1\r\nX-Long: ";

/** What a server could take for the beginning of a head. */
const UNFINISHED: [what: string, bytes: string][] = [
  ["half a head", "GET / HTTP/1.1\r\nHost: hub\r\nX-Slow: "],
  ["empty lines alone", "\r\n"],
  ["half a head behind an empty line", "\r\nGET / HT"],
  ["a head of 16 KiB that has no end", REQUEST_LINE.padEnd(16 * 1024, "a")],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\n"],
];

for (const [what, bytes] of UNFINISHED) {
  Deno.test(`a peer that sends ${what} and no more is told 408 and cut`, async () => {
    const server = bareServer({ headerTimeoutMs: 50 });
    const port = server.listen(0, "127.0.0.1");
    const client = await RawClient.connect(port);
    await client.write(bytes);
    assert.equal(await client.line(), "HTTP/1.1 408 Request Timeout");
    client.close();
    await server.stop();
  });
}

Deno.test("one address has so many connections without a request, and a place again when one ends", async () => {
  const left = Promise.withResolvers<void>();
  class Watched extends WaitingPeers {
    override enter(address: string): (() => void) | undefined {
      const leave = super.enter(address);
      return leave && (() => {
        leave();
        left.resolve();
      });
    }
  }
  const server = bareServer({ waiting: new Watched({ max: 2, isExempt: () => false }) });
  const port = server.listen(0, "127.0.0.1");
  const connect = () => RawClient.connect(port);
  const [first, second] = [await connect(), await connect()];
  const tooMany = await connect();
  assert.equal(await tooMany.next(), undefined);
  first.close();
  await left.promise;
  const third = await connect();
  await third.write("\x16\x03\x01");
  assert.equal((await third.line()).slice(9, 12), "400");
  for (const client of [second, third, tooMany]) client.close();
  await server.stop();
});

Deno.test("one address has so many WebSockets that have said nothing, others and agents as many as they like", async () => {
  const rig = new SwitchboardRig();
  const silent = new WaitingPeers({ max: 2 });
  const router = new Router([], { onError: () => {} });
  const { switchboard } = rig;
  const server = bareServer({ router, switchboard, silent, repeats: rig.repeats });
  const port = server.listen(0, "127.0.0.1");
  const dial = async (address: string) => {
    const client = await RawClient.connect(port);
    const headers = [...UPGRADE_HEADERS, `X-Forwarded-For: ${address}`];
    return { client, status: (await client.request("/", headers)).slice(9, 12) };
  };
  const site = [await dial("192.0.2.7"), await dial("192.0.2.7"), await dial("192.0.2.7")];
  assert.deepEqual(site.map(({ status }) => status), ["101", "101", "503"]);
  const other = await dial("192.0.2.8");
  assert.equal(other.status, "101");
  const [{ client: agent }] = site as [typeof other];
  await agent.send(0x81, { type: "register", agentId: "a", machineName: "barn" });
  await agent.nextMessage();
  const next = await dial("192.0.2.7");
  assert.equal(next.status, "101", "who has registered does not count");
  for (const { client } of [...site, other, next]) client.close();
  await server.stop();
  const stopped = switchboard.shutdown(0);
  rig.clock.advance(0);
  await stopped;
  assert.equal(silent.size, 0);
});

Deno.test("a peer that reads nothing of a long answer is cut, and its answer forgotten", async () => {
  const asked = Promise.withResolvers<void>();
  const handle = () => {
    asked.resolve();
    return new Response(new Uint8Array(64 * 1024 * 1024));
  };
  const router = new Router([{ path: "/", cors: "none", handle }], { onError: () => {} });
  const server = bareServer({ router, stallTimeoutMs: 50 });
  const client = await RawClient.connect(server.listen(0, "127.0.0.1"));
  await client.write("GET / HTTP/1.1\r\nHost: hub\r\n\r\n");
  await asked.promise;
  await server.stop(); // waits until the answer is taken, or given up
  client.close();
});

Deno.test("shutdown() does not wait for a connection without a request", async () => {
  const silent: RawClient[] = [];
  await withHub(async ({ port }) => {
    silent.push(await RawClient.connect(port));
    const raw = await RawClient.connect(port);
    assert.match(await raw.request("/healthz"), /^HTTP\/1\.1 200 /);
    raw.close();
  });
  assert.equal(await silent[0]!.next().catch(() => undefined), undefined);
  silent[0]!.close();
});

Deno.test("a hub does not start on a port that is in use, and leaves nothing behind", () =>
  withHub(async ({ port }) => {
    const start = () => withHub(() => Promise.resolve(), { ...OPEN, port });
    await assert.rejects(start, { name: "ListenError", code: "in-use", port });
  }));

Deno.test("shutdown() sends what is queued, says 1001 to all and frees the port (hub 80)", async () => {
  let port = 0;
  const sockets: RawClient[] = [];
  await withHub(async (hub) => {
    port = hub.port;
    const control = await agent(port);
    const { client, joined } = await pair(port, control);
    sockets.push(control, client, joined);
    for (let i = 0; i < 100; i++) await client.send(0x81, `text ${i}`);
    await client.send(0x89, "");
    assert.equal((await client.next())!.first, 0x8a, "all texts have reached the hub");
    const done = hub.shutdown();
    for (let i = 0; i < 100; i++) {
      assert.equal(new TextDecoder().decode((await joined.next())!.payload), `text ${i}`);
    }
    for (const socket of sockets) {
      assert.equal(await socket.nextClose(), "1001 hub shutting down");
      socket.close();
    }
    await done;
  });
  await assert.rejects(RawClient.connect(port), Deno.errors.ConnectionRefused);
});
