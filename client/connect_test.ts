import assert from "node:assert/strict";
import { ManualClock } from "../core/clock/mod.ts";
import { MemoryIo, run } from "../core/cli/mod.ts";
import type { ControlMessage } from "../core/control/mod.ts";
import { type ByteStream, streamPair } from "../core/stream/mod.ts";
import type { RunningClient } from "./control/mod.ts";
import { FakeSocket, FakeTunnel } from "./_fakes.ts";
import type { ClientDeps, OpenTunnelOptions } from "./deps.ts";
import { systemProbes } from "./explain/mod.ts";
import { telaProgram } from "./program.ts";

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

const GRANT: ControlMessage[] = [
  { type: "ready", sessionIdx: 7 },
  { type: "wg-pubkey", wgPubKey: "ab".repeat(32), ports: [22, 8080, 22, 0] },
];
const SERVICES = [{ port: 22, name: "SSH" }, { port: 5432, label: "Postgres" }];
const STATUS = { machines: [{ id: "barn", agentConnected: true, services: SERVICES }] };

/** A machine with a hub behind it; `hub` answers each dial. */
function setUp(hub: (dial: number) => FakeSocket | Error = () => new FakeSocket([...GRANT])) {
  const clock = new ManualClock(0);
  const sockets: FakeSocket[] = [];
  const tunnels: FakeTunnel[] = [];
  const opened: OpenTunnelOptions[] = [];
  const local = new Map<number, (stream: ByteStream) => void>();
  const served: RunningClient[] = [];
  let dials = 0;
  let interrupt = () => {};
  const deps: { -readonly [K in keyof ClientDeps]: ClientDeps[K] } = {
    clock,
    random: (out) => void out.set([0x80, 0, 0, 0]),
    fetch: () => Promise.resolve(Response.json(STATUS)),
    listen: ({ port }, accept) => {
      local.set(port, accept);
      return Promise.resolve({ port, close: () => void local.delete(port) });
    },
    storedToken: () => Promise.resolve("stored"),
    openCredentials: () => Promise.reject(new Error("not asked for")),
    dialHub: () => {
      const socket = hub(dials++);
      if (socket instanceof Error) return Promise.reject(socket);
      sockets.push(socket);
      return Promise.resolve(socket);
    },
    openTunnel: (options) => {
      opened.push(options);
      tunnels.push(new FakeTunnel(options.handler));
      return tunnels.at(-1)!;
    },
    knownAgents: () => undefined,
    makeKeys: () => ({ privateKey: new Uint8Array(32), publicKey: new Uint8Array(32) }),
    serveControl: (client) => {
      served.push(client);
      return Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve(void served.pop()) });
    },
    nameFiles: () => undefined,
    probes: systemProbes(),
    findClients: () => Promise.reject(new Error("not asked for")),
    followClient: () => Promise.reject(new Error("not asked for")),
    onInterrupt: (callback) => {
      interrupt = callback;
      return { [Symbol.dispose]: () => void (interrupt = () => {}) };
    },
  };
  const start = (line: string, env: Record<string, string> = {}) => {
    const args = `connect -hub ws://h -machine barn ${line}`.trim().split(" ");
    const io = new MemoryIo({ args, env });
    return { io, code: run(telaProgram(deps), io) };
  };
  return { start, deps, clock, sockets, tunnels, opened, local, served, stop: () => interrupt() };
}

const bare = (err: string) => err.replaceAll("1970-01-01T00:00:00Z [tela] ", "");

Deno.test("tela connect forwards what is advertised when nothing is chosen (client 9, 42, 52)", async () => {
  const { start, sockets, opened, local, stop } = setUp();
  const { io, code } = start("-mtu 1400", { TELA_MTU: "600" });
  await settle();
  assert.deepEqual([...local.keys()], [22, 8080]);
  assert.equal(opened[0]!.mtuBytes, 1400);
  assert.equal(opened[0]!.grant.sessionIdx, 7);
  const [connect] = sockets[0]!.sent;
  assert.ok(
    connect?.type === "connect" && connect.token === "stored" && connect.ports === undefined,
  );
  stop();
  assert.equal(await code, 0);
  assert.equal(local.size, 0);
  assert.equal(io.out, "");
  assert.equal(
    bare(io.err),
    'Agent of "barn" shows no identity: the hub is trusted not to pose as it\n' +
      "Services available:\n  localhost:22    → SSH\n  localhost:8080  → HTTP\n" +
      'Connected to machine "barn", session 7\nShutting down\n',
  );
});

Deno.test("tela connect binds chosen ports before it dials, in the order of the flags (client 36)", async () => {
  const { start, sockets, local, stop } = setUp(() => new Error("down"));
  const { code } = start("-services postgres,ssh -ports 2222:22 -port 9000 -target-port 90");
  await settle();
  assert.deepEqual([...local.keys()], [9000, 2222, 5432, 22]);
  assert.equal(sockets.length, 0);
  stop();
  assert.equal(await code, 0);
  const up = setUp();
  const running = up.start("-ports 2222:22,80");
  await settle();
  assert.deepEqual((up.sockets[0]!.sent[0] as { ports: number[] }).ports, [22, 80]);
  assert.deepEqual([...up.local.keys()], [2222, 80]);
  up.stop();
  assert.equal(await running.code, 0);
});

Deno.test("tela connect lists the services there are when one is unknown (client 43)", async () => {
  const { start, local } = setUp();
  const { io, code } = start("-services SSH,smtp");
  assert.equal(await code, 1);
  assert.equal(io.err, 'Error: service "smtp" not found on machine "barn": it has SSH, Postgres\n');
  assert.equal(local.size, 0);
});

Deno.test("tela connect keeps listeners while the hub restarts (client 44, wire 48)", async () => {
  const { start, clock, tunnels, local, stop } = setUp((dial) =>
    dial === 1 ? new Error("Cannot reach h: connection refused") : new FakeSocket([...GRANT])
  );
  const { io, code } = start("");
  await settle();
  const accept = local.get(22)!;
  tunnels[0]!.lose();
  await settle();
  const [program, accepted] = streamPair();
  accept(accepted);
  await program.write(new Uint8Array([1, 2, 3]));
  clock.advance(3_001);
  await settle();
  assert.equal(tunnels.length, 1);
  clock.advance(3_001);
  await settle();
  assert.equal(tunnels.length, 1);
  clock.advance(3_000);
  await settle();
  assert.equal(local.get(22), accept);
  const { port, stream } = tunnels[1]!.dialled[0]!;
  assert.equal(port, 22);
  assert.deepEqual(await stream.read(), new Uint8Array([1, 2, 3]));
  assert.match(
    io.err,
    /Session ended: lost; this agent cannot resume, open connections are reset; next attempt in 3 s\n.*Cannot reach h: connection refused; next attempt in 6 s\n/,
  );
  stop();
  assert.equal(await code, 0);
});

Deno.test("tela connect exits 1 when the token is invalid, and retries other refusals (client 48, wire 49)", async () => {
  const refusing = (message: string) => () => new FakeSocket([{ type: "error", message }]);
  const invalid = setUp(refusing("Invalid token"));
  const { io, code } = invalid.start("-token s3cret");
  assert.equal(await code, 1);
  assert.match(
    io.err,
    /^Error: invalid token for machine "barn": check TELA_TOKEN/m,
  );
  assert.ok(!io.err.includes("s3cret"));
  for (const message of ["Machine not found", "Access denied", "Too many sessions"]) {
    const { start, clock, sockets, stop } = setUp(refusing(message));
    const running = start("");
    await settle();
    clock.advance(3_001);
    await settle();
    assert.equal(sockets.length, 2, message);
    assert.match(running.io.err, /next attempt in 6 s\n$/, message);
    stop();
    assert.equal(await running.code, 0);
  }
});

Deno.test("tela connect ends an attempt cleanly when the peer's key is malformed (client 38)", async () => {
  const key: ControlMessage = { type: "wg-pubkey", wgPubKey: "short" };
  const { start, sockets, tunnels, stop } = setUp(() => new FakeSocket([GRANT[0]!, key]));
  const { io, code } = start("");
  await settle();
  assert.ok(sockets[0]!.closedByUs);
  assert.equal(tunnels.length, 0);
  assert.match(bare(io.err), /^Agent of "barn" sent a malformed key: .*; next attempt in 3 s\n$/);
  stop();
  assert.equal(await code, 0);
});

Deno.test("tela connect stops at once while it waits, holds connections or dials (client 52)", async () => {
  const waiting = setUp(() => new Error("down"));
  const first = waiting.start("-ports 22");
  await settle();
  const [program, accepted] = streamPair();
  waiting.local.get(22)!(accepted);
  await settle();
  waiting.stop();
  assert.equal(await first.code, 0);
  await assert.rejects(program.read());
  assert.equal(waiting.clock.nextTimerMs(), Infinity);
  const signalling = setUp(() => new FakeSocket([]));
  const second = signalling.start("");
  await settle();
  signalling.stop();
  assert.equal(await second.code, 0);
  assert.ok(signalling.sockets[0]!.closedByUs);
});

Deno.test("tela connect exits 1 when no chosen port can be had", async () => {
  const { start, deps } = setUp();
  deps.listen = () => Promise.reject(new Error("listen EACCES"));
  const { io, code } = start("-ports 60000");
  assert.equal(await code, 1);
  assert.match(
    bare(io.err),
    /SKIP port 60000 .*: listen EACCES\nError: could not bind any local /,
  );
});

Deno.test("tela connect shows itself to its user, who can reconnect and stop it (client 57, 62)", async () => {
  const { start, clock, served, sockets, tunnels, local, stop } = setUp();
  const { io, code } = start("-ports 2222:22");
  await settle();
  const [client] = served;
  const [connection] = client!.connections;
  const status = () => connection!.status();
  assert.equal(status().state, "up");
  assert.deepEqual(status().services.map(({ local, remote }) => [local, remote]), [[2222, 22]]);
  const [program, accepted] = streamPair();
  local.get(2222)!(accepted);
  await settle();
  assert.equal(status().openConnections, 1);
  program.abort();
  await settle();
  assert.equal(status().openConnections, 0);
  connection!.reconnect();
  await settle();
  assert.equal(sockets.length, 2, "at once, without a wait");
  assert.equal(tunnels.length, 1, "the agent still has the session: the tunnel goes on");
  assert.match(
    bare(io.err),
    /dropped: asked to reconnect; next attempt.*\n.*Session goes on by a new connection to the hub\n$/,
  );
  tunnels[0]!.end("lost");
  await settle();
  assert.equal(status().state, "connecting");
  assert.equal(status().note, "Session ended: lost; next attempt in 3 s");
  connection!.reconnect();
  await settle();
  assert.equal(sockets.length, 3);
  assert.equal(tunnels.length, 2);
  assert.deepEqual(status().tunnel?.peer, { kind: "reference", verified: "unverified" });
  assert.equal(clock.nextTimerMs(), Infinity);
  assert.ok(client!.output.text.length > 0 && client!.output.text === io.err);
  client!.verbose = true;
  client!.stop();
  assert.equal(await code, 0);
  assert.deepEqual(served, []);
  assert.deepEqual(status().services, []);
  stop();
});

Deno.test("tela connect works, and says so, where its control API cannot be served", async () => {
  const { start, deps, sockets, stop } = setUp();
  deps.serveControl = () => Promise.reject(new Error("Cannot write /x: permission denied"));
  const { io, code } = start("");
  await settle();
  assert.equal(sockets.length, 1);
  assert.match(io.err, /No control API, .*: Cannot write \/x: permission denied\n/);
  stop();
  assert.equal(await code, 0);
});
