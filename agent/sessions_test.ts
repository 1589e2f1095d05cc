import assert from "node:assert/strict";
import type { SessionRequest } from "../core/control/mod.ts";
import { FAKE_IDENTITY, FAKE_SETTINGS, fakeMachine, FakeWorld, settle } from "./_fakes.ts";
import { Sessions } from "./sessions.ts";
import type { Surroundings } from "./surroundings.ts";

const CLIENT_KEY = "6330dc28ece519134aa0e40043f923289f711ba5e9cb359988571e81f3d73629";

function request(more: Partial<SessionRequest> = {}): SessionRequest {
  const wgPubKey = CLIENT_KEY;
  return {
    type: "session-request",
    sessionId: "2e03c435924e72ee",
    sessionIdx: 1,
    wgPubKey,
    ...more,
  };
}

/** A client key of its own. */
function key(n: number): { wgPubKey: string } {
  return { wgPubKey: (n & 0xff).toString(16).padStart(2, "0").repeat(32) };
}

function start(world: FakeWorld, more: Partial<Surroundings> = {}): Sessions {
  return new Sessions({
    hub: "ws://hub",
    machine: fakeMachine(),
    ...FAKE_SETTINGS,
    surroundings: world.surroundings(more),
  });
}

Deno.test("Sessions joins on a socket of its own, waits for session-start, then sends its key (agent 21, wire 36, wire 37)", async () => {
  const world = new FakeWorld();
  const sessions = start(world);
  sessions.start(request());
  const hub = await world.sockets.next();
  assert.deepEqual(await hub.expect("session-join"), {
    type: "session-join",
    machineId: "barn",
    sessionId: "2e03c435924e72ee",
    udpGrace: 120,
  });
  await settle();
  assert.equal(hub.received.length, 0);
  hub.send({ type: "session-start", wgPubKey: CLIENT_KEY });
  assert.deepEqual(await hub.expect("wg-pubkey"), {
    type: "wg-pubkey",
    wgPubKey: "ab".repeat(32),
    ports: [22, 80],
    capabilities: { management: true, identity: FAKE_IDENTITY.fingerprint },
  });
  const tunnel = await world.tunnels.next();
  await settle();
  assert.deepEqual(tunnel.ports, [22, 80]);
  assert.equal(tunnel.options.mtuBytes, 1100);
  assert.equal(tunnel.options.sessionIdx, 1);
  const client = tunnel.connect(80);
  const target = await world.targets.next();
  await client.write(new Uint8Array([7]));
  assert.deepEqual(await target.read(), new Uint8Array([7]));
  assert.deepEqual(world.dialled, ["127.0.0.1:80"]);
  hub.send({ type: "session-end" });
  await hub.closed;
  await settle();
  assert.equal(sessions.size, 0);
  assert.ok(world.logged("session 2e03c435: ended: the peer has left"));
  assert.equal(world.clock.nextTimerMs(), Infinity);
});

Deno.test("Sessions takes the key from the request, or else from session-start (wire 38)", async () => {
  const other = "ab".repeat(32);
  const cases: [requested: string, started: string | undefined, used: number][] = [
    [CLIENT_KEY, other, 0x63],
    ["", other, 0xab],
    [CLIENT_KEY.toUpperCase(), undefined, 0x63],
  ];
  for (const [wgPubKey, started, used] of cases) {
    const world = new FakeWorld();
    const sessions = start(world);
    sessions.start(request({ wgPubKey }));
    (await world.sockets.next()).send({ type: "session-start", wgPubKey: started });
    assert.equal((await world.tunnels.next()).options.peerPublicKey[0], used);
    await sessions.close("stopping");
  }
});

Deno.test("Sessions ends cleanly when the client's key is missing or malformed", async () => {
  for (const wgPubKey of ["", "zz".repeat(32), "ab", CLIENT_KEY + "00"]) {
    const world = new FakeWorld();
    const sessions = start(world);
    sessions.start(request({ wgPubKey }));
    const hub = await world.sockets.next();
    hub.send({ type: "session-start" });
    assert.deepEqual(await hub.closed, { code: 1008, reason: "malformed client key" });
    await sessions.close("stopping");
    assert.equal(world.tunnels.length, 0);
  }
});

Deno.test("Sessions ends cleanly when the tunnel refuses the client's key", async () => {
  const world = new FakeWorld();
  const sessions = start(world, {
    openTunnel: () => {
      throw new RangeError("Cannot use key: low-order point");
    },
  });
  sessions.start(request({ wgPubKey: "00".repeat(32) }));
  const hub = await world.sockets.next();
  hub.send({ type: "session-start" });
  await hub.closed;
  await settle();
  assert.equal(sessions.size, 0);
  assert.ok(world.logged("ended: Cannot use key: low-order point"));
});

Deno.test("Sessions closes an index over 254 with 1008 and takes 0 for 1 (agent 22, wire 39)", async () => {
  const world = new FakeWorld();
  const sessions = start(world);
  sessions.start(request({ sessionIdx: 255 }));
  const over = await world.sockets.next();
  over.send({ type: "session-start", wgPubKey: CLIENT_KEY });
  assert.deepEqual(await over.closed, { code: 1008, reason: "session limit exceeded" });
  await settle();
  assert.equal(sessions.size, 0);
  for (const [sessionIdx, used] of [[0, 1], [-3, 1], [254, 254]] as const) {
    sessions.start(request({ sessionIdx, sessionId: `session-${sessionIdx}`, ...key(sessionIdx) }));
    (await world.sockets.next()).send({ type: "session-start", wgPubKey: CLIENT_KEY });
    assert.equal((await world.tunnels.next()).options.sessionIdx, used);
  }
  await sessions.close("stopping");
});

Deno.test("Sessions gives up when the hub answers with anything but session-start", async () => {
  const answers: [
    (hub: { send(m: string): void; refuse(m: string): void; cut(): void }) => void,
    string,
  ][] = [
    [(hub) => hub.refuse("Session not found"), "the hub refused: Session not found"],
    [(hub) => hub.send(`{"type":"session-end"}`), "the hub sent session-end instead of"],
    [(hub) => hub.cut(), "the hub closed the socket (1006"],
  ];
  for (const [answer, reason] of answers) {
    const world = new FakeWorld();
    const sessions = start(world);
    sessions.start(request());
    answer(await world.sockets.next());
    while (sessions.size > 0) await settle();
    assert.ok(world.logged(`ended: ${reason}`), world.lines.join("\n"));
    assert.equal(world.tunnels.length, 0);
  }
});

Deno.test("Sessions gives the hub 30 s to start a session", async () => {
  const world = new FakeWorld();
  const sessions = start(world);
  sessions.start(request());
  const hub = await world.sockets.next();
  await hub.expect("session-join");
  // In steps, so that the hub can answer the pings of the socket in between.
  for (let passedMs = 0; passedMs < 27_000; passedMs += 3_000) {
    world.clock.advance(3_000);
    await settle();
  }
  world.clock.advance(2_999);
  await settle();
  assert.equal(sessions.size, 1);
  world.clock.advance(1);
  await hub.closed;
  await settle();
  assert.equal(sessions.size, 0);
  assert.ok(world.logged("ended: the hub did not start the session within 30 s"));
  assert.equal(world.clock.nextTimerMs(), Infinity);
});

Deno.test("Sessions runs several at once, each with its socket and keys (agent 22, wire 42)", async () => {
  const world = new FakeWorld();
  const sessions = start(world);
  const tunnels = [];
  for (const sessionIdx of [1, 2, 3]) {
    const sessionId = `session-id-${sessionIdx}`;
    sessions.start(request({ sessionIdx, sessionId, ...key(sessionIdx) }));
    (await world.sockets.next()).send({ type: "session-start" });
    tunnels.push(await world.tunnels.next());
  }
  assert.equal(new Set(tunnels.map(({ sockets }) => sockets[0])).size, 3);
  await settle();
  const clients = tunnels.map((tunnel) => tunnel.connect(22));
  const targets = [];
  for (const _ of clients) targets.push(await world.targets.next());
  assert.equal(sessions.size, 3);
  tunnels[1]!.end("lost");
  await assert.rejects(clients[1]!.read(), /reset/);
  await settle();
  assert.equal(sessions.size, 2);
  await clients[0]!.write(new Uint8Array(3));
  assert.equal((await targets[0]!.read())?.length, 3);
  await sessions.close("stopping");
  assert.equal(sessions.size, 0);
});

Deno.test("Sessions refuses a session asked for twice and more than 254", async () => {
  const world = new FakeWorld();
  const sessions = start(world);
  sessions.start(request());
  sessions.start(request());
  assert.equal(sessions.size, 1);
  assert.ok(world.logged("asked for twice"));
  for (let i = 0; i < 300; i++) sessions.start(request({ sessionId: `more-${i}` }));
  assert.equal(sessions.size, 254);
  const refusals = world.lines.filter((line) => line.includes("254 are open already"));
  assert.equal(refusals.length, 1);
  await sessions.close("stopping");
  assert.equal(sessions.size, 0);
});

Deno.test("Sessions ends a session when its socket does, and goes on without a port it cannot listen on (wire 43)", async () => {
  const world = new FakeWorld();
  const sessions = start(world, {
    openTunnel: (options) => {
      const tunnel = world.surroundings().openTunnel(options);
      const listen = tunnel.listen.bind(tunnel);
      tunnel.listen = (at) => {
        if (at.port === 22) throw new Error("Cannot listen: port 22 is taken");
        return listen(at);
      };
      return tunnel;
    },
  });
  sessions.start(request());
  const hub = await world.sockets.next();
  hub.send({ type: "session-start" });
  const tunnel = await world.tunnels.next();
  await settle();
  assert.deepEqual(tunnel.ports, [80]);
  assert.ok(
    world.logged("cannot listen on port 22 in the tunnel: Cannot listen: port 22 is taken"),
  );
  hub.cut();
  while (sessions.size > 0) await settle();
  assert.ok(world.logged("ended: the hub connection ended"));
});

Deno.test("Sessions opens no more sockets for the requests of one client than it has sessions", async () => {
  const world = new FakeWorld();
  const sessions = start(world);
  sessions.start(request());
  (await world.sockets.next()).send({ type: "session-start", wgPubKey: CLIENT_KEY });
  await world.tunnels.next();
  await settle();
  for (let n = 0; n < 300; n++) sessions.start(request({ sessionId: `${n}`.padStart(16, "0") }));
  await settle();
  assert.equal(world.sockets.length, 254);
  await sessions.close("stopping");
});
