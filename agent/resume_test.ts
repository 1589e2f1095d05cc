import assert from "node:assert/strict";
import { clientHello, FEATURE_RESUME } from "../core/identity/mod.ts";
import {
  FAKE_SETTINGS,
  fakeMachine,
  FakeTunnel,
  FakeWorld,
  HubEnd,
  refuseAll,
  settle,
} from "./_fakes.ts";
import { runMachine } from "./machine.ts";
import { Registration } from "./registration.ts";
import { Sessions } from "./sessions.ts";

const KEY = "6330dc28ece519134aa0e40043f923289f711ba5e9cb359988571e81f3d73629";
const HELLO = clientHello([FEATURE_RESUME]);

function sessionsOf(world: FakeWorld, graceMs = FAKE_SETTINGS.graceMs): Sessions {
  const surroundings = world.surroundings();
  const machine = fakeMachine();
  return new Sessions({ hub: "ws://hub", machine, ...FAKE_SETTINGS, graceMs, surroundings });
}

let requests = 0;

/** Has the agent join a session; gives the hub's end of its socket, behind the agent's answer. */
async function join(world: FakeWorld, sessions: Sessions, wgPubKey: string = KEY): Promise<HubEnd> {
  const sessionId = `session-${++requests}`;
  sessions.start({ type: "session-request", sessionId, sessionIdx: requests, wgPubKey });
  const hub = await world.sockets.next();
  await hub.expect("session-join");
  hub.send({ type: "session-start", wgPubKey });
  return hub;
}

/** A client of ours with one connection, and what plays its parts. */
async function ourClient(world: FakeWorld, sessions: Sessions) {
  const hub = await join(world, sessions);
  const { wgPubKey } = await hub.expect("wg-pubkey");
  const hello = await hub.expect("peer-hello");
  hub.send(HELLO);
  await settle();
  const tunnel = await world.tunnels.next();
  const client = tunnel.connect(22);
  const target = await world.targets.next();
  return { hub, wgPubKey, hello, tunnel, client, target };
}

Deno.test("Sessions keeps a client of ours whose socket is lost, and goes on by the next with the same key", async () => {
  for (
    const lose of [(hub: HubEnd) => hub.cut(), (hub: HubEnd) => hub.send({ type: "session-end" })]
  ) {
    const world = new FakeWorld();
    const sessions = sessionsOf(world);
    const { hub, hello, wgPubKey, tunnel, client, target } = await ourClient(world, sessions);
    assert.deepEqual(hello.features, ["paths", "syn-data", "resume"]);
    lose(hub);
    await settle();
    assert.equal(sessions.size, 1);
    assert.equal(sessions.awaitsReturn, true);
    assert.ok(world.logged("waits up to 120 s for its client: the "), world.lines.join("\n"));
    world.clock.advance(119_000);
    const again = await join(world, sessions);
    assert.equal((await again.expect("wg-pubkey")).wgPubKey, wgPubKey);
    await again.expect("peer-hello");
    await settle();
    assert.equal(tunnel.sockets.length, 2);
    assert.equal(world.tunnels.length, 0);
    assert.ok(world.logged("resumed"));
    world.clock.advance(119_000);
    await client.write(new Uint8Array([7]));
    assert.deepEqual(await target.read(), new Uint8Array([7]));
    await sessions.close("stopping");
    assert.equal(tunnel.left, true);
    assert.equal(world.clock.nextTimerMs(), Infinity);
  }
});

Deno.test("Sessions takes a newer socket of a client whose old one still seems to work", async () => {
  const world = new FakeWorld();
  const sessions = sessionsOf(world);
  const { hub, tunnel } = await ourClient(world, sessions);
  await join(world, sessions, KEY.toUpperCase());
  await hub.closed;
  await settle();
  assert.equal(tunnel.sockets.length, 2);
  assert.equal(sessions.size, 1);
  assert.ok(!world.logged("waits up to"));
  await sessions.close("stopping");
});

Deno.test("Sessions ends a session whose client does not come back, whatever else comes by its name", async () => {
  const world = new FakeWorld();
  const sessions = sessionsOf(world);
  const { hub, tunnel, client } = await ourClient(world, sessions);
  hub.cut();
  await settle();
  world.clock.advance(100_000);
  // Someone who knows the public key joins, proves nothing, and goes.
  tunnel.proves = false;
  const stranger = await join(world, sessions);
  await stranger.expect("wg-pubkey");
  stranger.cut();
  await settle();
  world.clock.advance(19_999);
  assert.equal(sessions.size, 1);
  world.clock.advance(1);
  await assert.rejects(client.read(), /reset/);
  await settle();
  assert.equal(sessions.size, 0);
  assert.equal(sessions.awaitsReturn, false);
  assert.ok(world.logged("ended: its client did not come back within 120 s"));
  assert.equal(world.clock.nextTimerMs(), Infinity);
});

/** A client that another path leads to, while the hub is away. */
async function withoutHub(graceMs?: number) {
  const world = new FakeWorld();
  const sessions = sessionsOf(world, graceMs);
  sessions.connected();
  const { hub, tunnel } = await ourClient(world, sessions);
  tunnel.state = "up";
  hub.cut();
  await sessions.disconnected("the hub is gone");
  await settle();
  return { world, sessions, tunnel };
}

Deno.test("Sessions keeps a client that another path leads to, until the hub has been back for as long as it waits", async () => {
  const { world, sessions, tunnel } = await withoutHub();
  world.clock.advance(650_000);
  await settle();
  assert.equal(sessions.size, 1);
  sessions.connected();
  world.clock.advance(119_999);
  await settle();
  assert.equal(sessions.size, 1);
  world.clock.advance(1);
  assert.equal(await tunnel.closed, "its client did not come back within 120 s");
  await sessions.close("stopping");
});

Deno.test("Sessions gives a client on another path 10 s to find the hub back, however short the grace time", async () => {
  const { world, sessions, tunnel } = await withoutHub(1_000);
  world.clock.advance(5_000);
  sessions.connected();
  world.clock.advance(9_999);
  await settle();
  assert.equal(sessions.size, 1);
  world.clock.advance(1);
  assert.equal(await tunnel.closed, "its client did not come back within 10 s");
  await sessions.close("stopping");
});

Deno.test("Sessions lets a client go that no path leads to, though the hub is away", async () => {
  const { world, sessions, tunnel } = await withoutHub();
  world.clock.advance(130_000);
  tunnel.state = "waiting";
  world.clock.advance(109_999);
  await settle();
  assert.equal(sessions.size, 1);
  world.clock.advance(1);
  assert.equal(await tunnel.closed, "its client did not come back within 120 s");
  await sessions.close("stopping");
});

Deno.test("Sessions does not hold a client to what someone began under its key and never proved", async () => {
  const world = new FakeWorld();
  const make = world.surroundings().openTunnel;
  let proves = false;
  const sessions = new Sessions({
    hub: "ws://hub",
    machine: fakeMachine(),
    ...FAKE_SETTINGS,
    surroundings: world.surroundings({
      openTunnel: (options) => {
        const tunnel = make(options) as FakeTunnel;
        tunnel.proves = proves;
        return tunnel;
      },
    }),
  });
  await (await join(world, sessions)).expect("wg-pubkey");
  const first = await world.tunnels.next();
  proves = true;
  await (await join(world, sessions)).expect("wg-pubkey");
  const second = await world.tunnels.next();
  assert.equal(await first.closed, "its client has begun anew");
  assert.notEqual(second.options.sessionIdx, first.options.sessionIdx);
  await sessions.close("stopping");
});

Deno.test("Sessions ends at once without resume: a reference client, or a grace time of 0", async () => {
  const reference = new FakeWorld();
  const first = sessionsOf(reference);
  const plain = await join(reference, first);
  await plain.expect("wg-pubkey");
  await settle();
  plain.cut();
  while (first.size > 0) await settle();
  assert.ok(reference.logged("ended: the hub connection ended"));

  const off = new FakeWorld();
  const second = sessionsOf(off, 0);
  const { hub, hello } = await ourClient(off, second);
  assert.deepEqual(hello.features, ["paths", "syn-data"]);
  hub.cut();
  while (second.size > 0) await settle();
  assert.ok(!off.logged("waits up to"));
});

Deno.test("Sessions.disconnected() lets go of those who cannot come back only", async () => {
  const world = new FakeWorld();
  const sessions = sessionsOf(world);
  const { client, target } = await ourClient(world, sessions);
  const reference = await join(world, sessions, "ab".repeat(32));
  await reference.expect("wg-pubkey");
  sessions.start({
    type: "session-request",
    sessionId: "under-way",
    sessionIdx: 9,
    wgPubKey: "cd".repeat(32),
  });
  const underWay = await world.sockets.next();
  await settle();
  await sessions.disconnected("the hub is gone");
  await Promise.all([reference.closed, underWay.closed]);
  assert.equal(sessions.size, 1);
  assert.ok(world.logged("ended: the hub is gone"));
  await client.write(new Uint8Array([1]));
  assert.deepEqual(await target.read(), new Uint8Array([1]));
  await sessions.close("stopping");
});

Deno.test("Sessions ends the one that waits longest when there is no room for another", async () => {
  const world = new FakeWorld();
  const sessions = sessionsOf(world);
  const { hub, tunnel } = await ourClient(world, sessions);
  hub.cut();
  await settle();
  for (let i = 1; i < 254; i++) {
    const wgPubKey = i.toString(16).padStart(64, "0");
    sessions.start({ type: "session-request", sessionId: `more-${i}`, sessionIdx: 1, wgPubKey });
  }
  assert.equal(sessions.size, 254);
  await join(world, sessions, "ee".repeat(32));
  assert.match(await tunnel.closed, /^no longer waited for/);
  await sessions.close("stopping");
});

/** A machine with a client of ours, behind a hub that has registered it. */
async function machineWithClient() {
  const world = new FakeWorld();
  const stopped = new AbortController();
  const end = runMachine({
    hub: "ws://hub",
    machine: fakeMachine(),
    registration: new Registration(fakeMachine()),
    manage: refuseAll,
    ...FAKE_SETTINGS,
    agentId: "id",
    machineRegistrationId: "id",
    agentVersion: "1",
    exitOnRefusal: false,
    onUpdate: () => {},
    surroundings: world.surroundings(),
    signal: stopped.signal,
  });
  const register = async () => {
    const hub = await world.sockets.next();
    const { capabilities } = await hub.expect("register");
    assert.equal(capabilities?.identity, FAKE_SETTINGS.identity.fingerprint);
    hub.send({ type: "registered", machineId: "barn" });
    await settle();
    return hub;
  };
  const control = await register();
  control.send({ type: "session-request", sessionId: "12345678", sessionIdx: 1, wgPubKey: KEY });
  const session = await world.sockets.next();
  session.send({ type: "session-start" });
  session.send(HELLO);
  const tunnel: FakeTunnel = await world.tunnels.next();
  await settle();
  const stop = () => {
    stopped.abort(new Error("the agent is stopping"));
    return end;
  };
  return { world, control, session, tunnel, register, stop };
}

Deno.test("runMachine() is back at once, and every 3 s at the latest, while a client may return", async () => {
  const { world, control, session, tunnel, register, stop } = await machineWithClient();
  world.clock.advance(5000);
  world.hubFault = new Error("connection refused");
  control.cut();
  session.cut();
  for (const delayMs of [0, 200, 500, 1000, 2000, 3000, 3000]) {
    await settle();
    assert.equal(Math.round((world.clock.nextTimerMs() - world.clock.nowMs()) / 10) * 10, delayMs);
    world.clock.advance(delayMs + 10);
  }
  assert.ok(world.logged("disconnected: the connection ended (1006"));
  world.hubFault = undefined;
  await settle();
  world.clock.advance(3010);
  await register();
  assert.equal(tunnel.sockets.length, 1);
  await stop();
  assert.equal(await tunnel.closed, "the agent is stopping");
  assert.equal(world.clock.nextTimerMs(), Infinity);
});

Deno.test("runMachine() hurries no longer than clients wait, even if one still has its socket", async () => {
  const { world, control, tunnel, stop } = await machineWithClient();
  world.clock.advance(5000);
  world.hubFault = new Error("connection refused");
  control.cut();
  let delayMs = 0;
  for (let passedMs = 0; passedMs < 125_000; passedMs += delayMs) {
    await settle();
    assert.equal(tunnel.sockets.length, 1);
    const lines = world.lines.join("\n");
    const last = /next attempt (?:in ([\d.]+) s|now)$/.exec(lines);
    delayMs = Number(last?.[1] ?? 0) * 1000 * 1.01 + 10;
    if (passedMs < 115_000) assert.ok(delayMs < 4000, `${delayMs} after ${passedMs}`);
    world.clock.advance(delayMs);
  }
  assert.ok(delayMs >= 200_000, String(delayMs));
  await stop();
});

Deno.test("runMachine() does not hurry back to a hub that drops it each time at once", async () => {
  const { world, control, register, stop } = await machineWithClient();
  world.clock.advance(5000);
  control.cut();
  for (const delayMs of [0, 200, 200]) {
    await settle();
    assert.equal(Math.round((world.clock.nextTimerMs() - world.clock.nowMs()) / 10) * 10, delayMs);
    world.clock.advance(delayMs + 10);
    (await register()).cut();
  }
  await stop();
});

Deno.test("runMachine() ends the sessions it kept when the hub refuses it", async () => {
  const { world, control, tunnel, stop } = await machineWithClient();
  world.clock.advance(5000);
  control.cut();
  await settle();
  world.clock.advance(1);
  (await world.sockets.next()).refuse("Access denied");
  assert.equal(await tunnel.closed, "the hub refuses this agent");
  await stop();
});

Deno.test("runMachine() ends a session that goes on without the hub when the hub withdraws the right to it", async () => {
  const { control, session, tunnel, stop } = await machineWithClient();
  session.cut();
  await settle();
  control.send({ type: "session-end", wgPubKey: KEY });
  control.send({ type: "session-end", final: true });
  control.send({ type: "session-end", final: true, wgPubKey: "00".repeat(32) });
  await settle();
  assert.equal(tunnel.left, false);
  control.send({ type: "session-end", final: true, wgPubKey: KEY });
  assert.equal(await tunnel.closed, "the hub has withdrawn the right to it");
  await stop();
});
