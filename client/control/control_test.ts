import assert from "node:assert/strict";
import { ManualClock, systemClock, systemRandom } from "../../core/clock/mod.ts";
import type { Host } from "../../core/config/mod.ts";
import { ClosedPort } from "../../core/stream/testing/mod.ts";
import { tunnelStatus } from "./_fixtures.ts";
import { formatUptime, STOP_DELAY_MS } from "./api.ts";
import { ANSWER_TIMEOUT_MS, findClients } from "./control_client.ts";
import { followClient } from "./follow_client.ts";
import type { ControlEvent } from "./event_bus.ts";
import { ControlServer } from "./control_server.ts";
import { RunningClient } from "./running_client.ts";

/** Raw, for `fetch` sets Host and Origin itself and may ask a proxy. */
async function http(
  port: number,
  { head, body = "" }: { head: string[]; body?: string },
): Promise<{ status: number; text: string }> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const length = body === "" ? [] : [`Content-Length: ${body.length}`];
  const request = [...head, ...length, "Connection: close", "", body].join("\r\n");
  await conn.write(new TextEncoder().encode(request));
  const text = await new Response(conn.readable).text();
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text };
}

interface Rig extends AsyncDisposable {
  /** Of client and server: what they wait for comes, however long it takes. */
  clock: ManualClock;
  client: RunningClient;
  server: ControlServer;
  run: string;
  port: number;
  token: string;
  /** A request with a good Host and token, unless `headers` say other. */
  ask(line: string, headers?: string[]): Promise<{ status: number; text: string }>;
  start(pid: number): Promise<ControlServer>;
  /** The clients that are found, each as its process id and its state. */
  find(): Promise<string[]>;
  stopped: Promise<void>;
}

async function rig(): Promise<Rig> {
  const home = await Deno.makeTempDir({ prefix: "tela-" });
  const host: Host = { os: Deno.build.os, env: () => home };
  const clock = new ManualClock();
  const stop = Promise.withResolvers<void>();
  const client = new RunningClient({ profile: "home", verbose: false, clock, stop: stop.resolve });
  const start = (pid: number) =>
    ControlServer.start({ client, host, pid, clock, random: systemRandom });
  const server = await start(71);
  const run = Deno.build.os === "windows" ? `${home}\\tela\\run` : `${home}/.tela/run`;
  const { port, token } = JSON.parse(await Deno.readTextFile(`${run}/control.json`));
  const defaults = [`Host: 127.0.0.1:${port}`, `Authorization: Bearer ${token}`];
  return {
    clock,
    client,
    server,
    run,
    port,
    token,
    start,
    find: async () =>
      (await findClients(host, { clock })).map(({ answer }) => `${answer.pid} ${answer.state}`),
    stopped: stop.promise,
    ask: (line, headers = defaults) => http(port, { head: [`${line} HTTP/1.1`, ...headers] }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(home, { recursive: true });
    },
  };
}

// deno-lint-ignore no-explicit-any -- JSON, whose shape is what the tests assert
const bodyOf = ({ text }: { text: string }): any =>
  JSON.parse(text.slice(text.indexOf("\r\n\r\n")));
const names = async (dir: string) => (await Array.fromAsync(Deno.readDir(dir))).map((e) => e.name);

Deno.test("the control file is private, names pid, port and token, and goes (client 57)", async () => {
  const set = await rig();
  const { run, server, token } = set;
  const file = JSON.parse(await Deno.readTextFile(`${run}/control.json`));
  assert.deepEqual(Object.keys(file), ["pid", "port", "token"]);
  assert.equal(file.pid, 71);
  assert.match(token, /^[0-9a-f]{64}$/);
  if (Deno.build.os !== "windows") {
    assert.equal((await Deno.stat(run)).mode! & 0o777, 0o700);
    assert.equal((await Deno.stat(`${run}/control.json`)).mode! & 0o777, 0o600);
  }
  await server[Symbol.asyncDispose]();
  assert.deepEqual(await names(run), []);
  await set[Symbol.asyncDispose]();
});

Deno.test("each client has its own control file; stale ones are taken over or removed (client 67)", async () => {
  await using set = await rig();
  const { run, find, start, server } = set;
  using closed = await ClosedPort.take();
  const second = await start(72);
  assert.deepEqual((await names(run)).sort(), ["control-72.json", "control.json"]);
  assert.deepEqual(await find(), ["71 alive", "72 alive"]);
  await server[Symbol.asyncDispose]();
  assert.deepEqual(await names(run), ["control-72.json"]);
  const stale = { pid: 70, port: closed.port, token: "ab".repeat(32) };
  await Deno.writeTextFile(`${run}/control.json`, JSON.stringify(stale));
  const third = await start(73);
  assert.deepEqual(await find(), ["73 alive", "72 alive"]);
  await Deno.writeTextFile(`${run}/control-1.json`, JSON.stringify(stale));
  await Deno.writeTextFile(`${run}/control-2.json`, "{");
  await Deno.writeTextFile(`${run}/control-3.json`, "null");
  await Deno.writeTextFile(`${run}/telahubd.json`, "{}");
  // The port of a file left behind may serve another client by now: its token does not fit there.
  const { port } = JSON.parse(await Deno.readTextFile(`${run}/control.json`));
  const taken = { ...stale, port };
  await Deno.writeTextFile(`${run}/control-4.json`, JSON.stringify(taken));
  assert.deepEqual(await find(), ["73 alive", "72 alive"]);
  assert.deepEqual((await names(run)).sort(), ["control-72.json", "control.json", "telahubd.json"]);
  await third[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
  assert.deepEqual(await find(), []);
});

Deno.test("a control file whose port serves something else now is stale, one that hangs is not", async () => {
  await using set = await rig();
  const { run, find, clock, server } = set;
  using ssh = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    const conn = await ssh.accept();
    await conn.write(new TextEncoder().encode("SSH-2.0-x\r\n"));
    await conn.read(new Uint8Array(4096));
    conn.close();
  })();
  const put = (pid: number, { port }: Deno.NetAddr) => {
    const text = JSON.stringify({ pid, port, token: "ab".repeat(32) });
    return Deno.writeTextFile(`${run}/control-${pid}.json`, text);
  };
  await put(5, ssh.addr);
  assert.deepEqual(await find(), ["71 alive"]);
  assert.deepEqual(await names(run), ["control.json"]);
  await serving;
  await server[Symbol.asyncDispose]();
  using stopped = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await put(6, stopped.addr);
  const finding = find();
  using _unanswered = await stopped.accept();
  clock.advance(ANSWER_TIMEOUT_MS);
  assert.deepEqual(await finding, ["6 silent"]);
  assert.deepEqual(await names(run), ["control-6.json"]);
});

Deno.test("no request without the token, and none of a web page, is answered (client 58, 59)", async () => {
  await using set = await rig();
  const { ask, port, token, client } = set;
  const own = `Host: 127.0.0.1:${port}`;
  const bearer = `Authorization: Bearer ${token}`;
  const table: [string[], number][] = [
    [[own, bearer], 200],
    [[`Host: localhost:${port}`, bearer], 200],
    [[own, `authorization: bearer ${token}`], 200],
    [[own, bearer, `Origin: http://127.0.0.1:${port}`], 200],
    [[own], 401],
    [[own, "Authorization: Bearer "], 401],
    [[own, `Authorization: Basic ${token}`], 401],
    [[own, `Authorization: Bearer ${token.slice(1)}`], 401],
    [[own, `Authorization: Bearer ${token.slice(0, 63)}g`], 401],
    [[`Host: evil.example:${port}`, bearer], 403],
    [[`Host: 127.0.0.1`, bearer], 403],
    [[own, bearer, "Origin: http://evil.example"], 403],
    [[own, bearer, "Origin: null"], 403],
    [[own, bearer, `Origin: https://127.0.0.1:${port}`], 403],
    [[own, bearer, `X-Big: ${"x".repeat(17_000)}`], 431],
  ];
  const paths = ["/", "/connections", "/services", "/tunnels", "/status", "/output", "/terminal"];
  client.output.addLine("<b>line");
  for (const path of paths) {
    for (const [headers, expected] of table) {
      const { status, text } = await ask(`GET ${path}`, headers);
      assert.equal(status, expected, `${path} ${headers.join(" ").slice(0, 100)}`);
      assert.ok(!text.includes(token), path);
    }
    assert.equal((await ask(`GET ${path}?token=${token}`, [own])).status, 401);
  }
  assert.equal((await ask("GET /ws")).status, 426);
  assert.equal((await ask("GET /ws", [own, bearer, "Upgrade: websocket"])).status, 426);
  assert.equal((await ask("GET /nothing")).status, 404);
  assert.equal((await ask("GET /constructor")).status, 404);
  assert.equal((await ask("POST /connections")).status, 405);
  assert.equal((await ask("GET /reconnect")).status, 405);
  assert.match((await ask("GET /terminal")).text, /&lt;b>line/);
});

Deno.test("the routes have their shapes (client 60, 61, 65)", async () => {
  await using set = await rig();
  const { ask, client } = set;
  let reconnects = 0;
  const reconnect = () => void reconnects++;
  const source = () => ({ status: () => tunnelStatus() });
  const connection = client.addConnection({ hub: "wss://h", machine: "barn", reconnect, source });
  const none = () => undefined;
  client.addConnection({ hub: "wss://h", machine: "attic", reconnect, source: none });
  connection.bound({ local: 10_022, remote: 22, name: "SSH" });
  const overview = bodyOf(await ask("GET /"));
  assert.deepEqual(overview, {
    version: overview.version,
    uptime: "0s",
    profile: "home",
    connections: 2,
    services: 1,
    _links: { connections: "/connections", services: "/services", status: "/status" },
  });
  assert.deepEqual(bodyOf(await ask("GET /connections")), [
    { index: 0, hub: "wss://h", machine: "barn", status: "up", tunnel: true },
    { index: 1, hub: "wss://h", machine: "attic", status: "connecting", tunnel: false },
  ]);
  const service = { name: "SSH", local: 10_022, remote: 22, bindAddr: "127.0.0.1" };
  assert.deepEqual(bodyOf(await ask("GET /services")), [
    { ...service, machine: "barn", hub: "wss://h" },
  ]);
  assert.deepEqual(bodyOf(await ask("GET /tunnels")), [{ machine: "barn" }]);
  const { connections } = bodyOf(await ask("GET /status"));
  assert.deepEqual(connections, client.connections.map((c) => c.status()));
  const reconnected = await ask("POST /reconnect");
  assert.deepEqual([reconnected.status, bodyOf(reconnected), reconnects], [
    202,
    { status: "reconnect requested" },
    2,
  ]);
  client.output.addLine("a line");
  assert.match((await ask("GET /output")).text, /\r\n\r\na line\n$/);
});

Deno.test("PUT /verbose toggles, sets, and refuses what is malformed or long (client 65)", async () => {
  await using set = await rig();
  const { ask, client, port, token } = set;
  const head = [
    "PUT /verbose HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${token}`,
  ];
  const put = async (body: string) => {
    const { status } = await http(port, { head, body });
    return [status, client.verbose];
  };
  assert.deepEqual(bodyOf(await ask("GET /verbose")), { verbose: false });
  assert.deepEqual(await put(""), [200, true]);
  assert.deepEqual(await put('{"verbose":true}'), [200, true]);
  assert.deepEqual(await put('{"verbose":false}'), [200, false]);
  for (const bad of ['{"verbose":1}', "{"]) assert.deepEqual(await put(bad), [400, false]);
  assert.deepEqual(await put(" ".repeat(5000)), [413, false]);
});

Deno.test("DELETE / answers, then stops the client (client 62)", async () => {
  await using set = await rig();
  const answer = await set.ask("DELETE /");
  assert.equal(answer.status, 202);
  assert.deepEqual(bodyOf(answer), { status: "shutting down" });
  set.clock.advance(STOP_DELAY_MS);
  await set.stopped;
});

/** A listener to events, with what it has received. */
class Listener {
  readonly socket: WebSocket;
  readonly #events: unknown[] = [];
  #wake = () => {};
  readonly closed: Promise<number>;

  constructor(port: number, { query = "", token }: { query?: string; token?: string }) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/ws${query}`);
    this.socket.onopen = () => token !== undefined && this.socket.send(token);
    this.socket.onmessage = ({ data }) => {
      this.#events.push(JSON.parse(data));
      this.#wake();
    };
    this.closed = new Promise((resolve) => this.socket.onclose = ({ code }) => resolve(code));
  }

  async next(): Promise<unknown> {
    while (this.#events.length === 0) await new Promise<void>((wake) => this.#wake = wake);
    return this.#events.shift();
  }
}

Deno.test("/ws takes the token first, tells events and obeys commands (client 63, 64)", async () => {
  await using set = await rig();
  const { client, port, token } = set;
  const listeners = [
    new Listener(port, { token }),
    new Listener(port, { query: `?token=${token}` }),
  ];
  for (const listener of listeners) {
    const greeting = { type: "connection_state", connected: true, profileName: "home" };
    assert.deepEqual(await listener.next(), greeting);
  }
  const activity = { type: "tunnel_activity", machine: "m", localPort: 1, remote: 2, active: true };
  client.events.publish(activity as never);
  for (const listener of listeners) assert.deepEqual(await listener.next(), activity);
  const refused = new Listener(port, { token: token.slice(1) });
  assert.equal(await refused.closed, 1008);
  const [first, second] = listeners as [Listener, Listener];
  first.socket.send(JSON.stringify({ type: "set_verbose", enabled: true }));
  first.socket.send("no json");
  first.socket.send(JSON.stringify({ type: "unheard of" }));
  first.socket.send(JSON.stringify({ type: "disconnect" }));
  await set.stopped;
  assert.equal(client.verbose, true);
  second.socket.close();
  await second.closed;
  await set.server[Symbol.asyncDispose]();
  assert.deepEqual(await first.next(), { type: "connection_state", connected: false });
  assert.equal(await first.closed, 1000);
});

Deno.test("a listener that never reads costs a bounded amount and does not hold up the end", async () => {
  await using set = await rig();
  const { client, server, port, token } = set;
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const head = [
    `GET /ws?token=${token} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  await conn.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
  await conn.read(new Uint8Array(1000));
  const joined = new Listener(port, { token });
  await joined.next();
  const machine = "m".repeat(10_000);
  const activity = {
    type: "tunnel_activity",
    machine,
    localPort: 1,
    remote: 2,
    active: true,
  } as const;
  for (let i = 0; i < 1000; i++) {
    client.events.publish(activity);
    assert.equal((await joined.next() as { type: string }).type, "tunnel_activity");
  }
  await server[Symbol.asyncDispose]();
  assert.equal(await joined.closed, 1000);
});

Deno.test("followClient() receives events until the client ends or it is told to stop", async () => {
  await using set = await rig();
  const { client, port, token, server } = set;
  const follow = (signal: AbortSignal) => {
    const first = Promise.withResolvers<void>();
    const seen: string[] = [];
    const onEvent = ({ type }: ControlEvent) => {
      seen.push(type);
      first.resolve();
    };
    const options = { onEvent, clock: systemClock, random: systemRandom, signal };
    return { seen, first: first.promise, ended: followClient({ pid: 71, port, token }, options) };
  };
  const stop = new AbortController();
  const stopped = follow(stop.signal);
  const toTheEnd = follow(new AbortController().signal);
  await Promise.all([stopped.first, toTheEnd.first]);
  stop.abort();
  await stopped.ended;
  client.events.publish({ type: "events_dropped", count: 1 });
  await server[Symbol.asyncDispose]();
  await toTheEnd.ended;
  assert.deepEqual(stopped.seen, ["connection_state"]);
  assert.deepEqual(toTheEnd.seen, ["connection_state", "events_dropped", "connection_state"]);
});

Deno.test("formatUptime() leaves leading zero parts out", () => {
  const table: [number, string][] = [[0, "0s"], [65_900, "1m5s"], [3_600_000, "1h0m0s"]];
  for (const [ms, expected] of table) assert.equal(formatUptime(ms), expected);
});
