import assert from "node:assert/strict";
import type { DefaultUpdate } from "../core/control/mod.ts";
import { FAKE_SETTINGS, fakeMachine, FakeWorld, type HubEnd, refuseAll, settle } from "./_fakes.ts";
import { type MachineEnd, runMachine } from "./machine.ts";
import { Registration } from "./registration.ts";

const CLIENT_KEY = "6330dc28ece519134aa0e40043f923289f711ba5e9cb359988571e81f3d73629";

interface Started {
  readonly end: Promise<MachineEnd>;
  readonly updates: DefaultUpdate[];
  stop(): Promise<MachineEnd>;
}

interface StartOptions {
  exitOnRefusal?: boolean;
  registration?: Registration;
  manage?: typeof refuseAll;
}

function start(
  world: FakeWorld,
  {
    exitOnRefusal = false,
    registration = new Registration(fakeMachine()),
    manage = refuseAll,
  }: StartOptions = {},
): Started {
  const stopped = new AbortController();
  const updates: DefaultUpdate[] = [];
  const end = runMachine({
    hub: "ws://hub.example/?key=hidden",
    machine: fakeMachine(),
    registration,
    manage,
    agentId: "id-of-agent",
    machineRegistrationId: "id-of-machine",
    agentVersion: "1.2.3",
    ...FAKE_SETTINGS,
    exitOnRefusal,
    onUpdate: (update) => updates.push(update),
    surroundings: world.surroundings(),
    signal: stopped.signal,
  });
  const stop = () => {
    stopped.abort(new Error("the agent is stopping"));
    return end;
  };
  return { end, updates, stop };
}

async function register(world: FakeWorld): Promise<HubEnd> {
  const hub = await world.sockets.next();
  await hub.expect("register");
  hub.send({ type: "registered", machineId: "barn" });
  await settle();
  return hub;
}

/** How long the agent waits now before it dials again, in milliseconds. */
async function delayMs(world: FakeWorld): Promise<number> {
  await settle();
  return world.clock.nextTimerMs() - world.clock.nowMs();
}

Deno.test("runMachine() registers first and survives hub pings and what it does not know (agent 11, agent 15, wire 34)", async () => {
  const world = new FakeWorld();
  const machine = start(world);
  const hub = await world.sockets.next();
  const first = await hub.expect("register");
  assert.equal(first.machineName, "barn");
  assert.equal(first.agentId, "id-of-agent");
  assert.equal(first.machineRegistrationId, "id-of-machine");
  assert.equal(first.token, "secret-token");
  for (const text of ["", "hello", "[]", `{"type":"x-custom"}`, `{"type":"registered","x":1}`]) {
    hub.send(text);
  }
  await settle();
  assert.ok(world.logged("[telad] registered with ws://hub.example as barn"));
  assert.equal(hub.received.length, 0);
  assert.equal(await machine.stop(), "stopped");
  assert.deepEqual(await hub.closed, { code: 1001, reason: "agent leaving" });
  assert.equal(world.clock.nextTimerMs(), Infinity);
  assert.ok(!world.lines.join().includes("secret-token") && !world.lines.join().includes("hidden"));
});

Deno.test("runMachine() answers unknown management actions with ok:false and the request's id (agent 59, wire 44)", async () => {
  const world = new FakeWorld();
  const machine = start(world);
  const hub = await register(world);
  hub.send({ type: "mgmt-request", requestId: "0011", action: "config-get" });
  assert.deepEqual(await hub.expect("mgmt-response"), {
    type: "mgmt-response",
    requestId: "0011",
    ok: false,
    message: "unknown action: config-get",
  });
  await machine.stop();
});

Deno.test("runMachine() registers anew on the same socket when its description changes", async () => {
  const world = new FakeWorld();
  const registration = new Registration(fakeMachine());
  const machine = start(world, { registration });
  const hub = await register(world);
  registration.describe(fakeMachine({ displayName: "Barn", tags: ["lab"], ports: [9] }));
  const again = await hub.expect("register");
  assert.deepEqual([again.displayName, again.tags], ["Barn", ["lab"]]);
  assert.deepEqual(again.ports, [...fakeMachine().ports]);
  await machine.stop();
  registration.describe(fakeMachine());
  assert.equal(hub.received.length, 0);
});

Deno.test("runMachine() dials again after 3, 6, 12 … 300 s, and after 3 s once it was registered (agent 17, agent 18, wire 34)", async () => {
  const world = new FakeWorld();
  world.hubFault = new Error("Cannot dial hub.example:80: connection refused");
  const machine = start(world);
  for (const seconds of [3, 6, 12, 24, 48, 96, 192, 300, 300]) {
    const waitMs = await delayMs(world);
    assert.equal(Math.round(waitMs / 1000), seconds);
    world.clock.advance(waitMs);
  }
  await settle();
  assert.ok(world.logged("not connected: Cannot dial hub.example:80: connection refused; next"));
  world.hubFault = undefined;
  world.clock.advance(await delayMs(world));
  const hub = await register(world);
  hub.cut();
  assert.equal(Math.round(await delayMs(world) / 1000), 3);
  assert.ok(world.logged("disconnected: the connection ended (1006"));
  world.clock.advance(await delayMs(world));
  (await register(world)).refuse("some trouble");
  assert.equal(Math.round(await delayMs(world) / 1000), 3);
  assert.ok(world.logged("the hub reports an error: some trouble"));
  await machine.stop();
  assert.equal(world.clock.nextTimerMs(), Infinity);
});

Deno.test("runMachine() retries a refusal of its token every 5 minutes and never gives up (agent 16)", async () => {
  const world = new FakeWorld();
  const machine = start(world);
  for (const text of ["Access denied", "INVALID TOKEN", "sorry: access denied for you"]) {
    const hub = await world.sockets.next();
    await hub.expect("register");
    hub.refuse(text);
    await hub.closed;
    assert.equal(await delayMs(world), 300_000);
    assert.ok(world.logged(`the hub refuses this agent: ${text}; check its token; next attempt`));
    world.clock.advance(300_000);
  }
  await register(world);
  assert.ok(world.logged("registered with"));
  await machine.stop();
});

Deno.test("runMachine() ends at once on a refusal when asked to (agent 16, wire 35)", async () => {
  const world = new FakeWorld();
  const machine = start(world, { exitOnRefusal: true });
  const hub = await world.sockets.next();
  hub.refuse("Access denied");
  assert.equal(await machine.end, "refused");
  await hub.closed;
  await settle();
  assert.equal(world.clock.nextTimerMs(), Infinity);
});

Deno.test("runMachine() leaves a hub that does not answer its registration within 30 s", async () => {
  const world = new FakeWorld();
  const machine = start(world);
  const hub = await world.sockets.next();
  world.clock.advance(30_000);
  await hub.closed;
  await settle();
  assert.ok(world.logged("not connected: the hub did not answer within 30 s"));
  await machine.stop();
});

Deno.test("runMachine() ends all sessions of reference clients when the control connection is lost (agent 23, wire 43)", async () => {
  const world = new FakeWorld();
  const machine = start(world);
  const hub = await register(world);
  const sessions = [];
  for (const sessionIdx of [1, 2]) {
    const sessionId = `session-id-${sessionIdx}`;
    const wgPubKey = `0${sessionIdx}`.repeat(32);
    hub.send({ type: "session-request", sessionId, sessionIdx, wgPubKey });
    const socket = await world.sockets.next();
    socket.send({ type: "session-start" });
    await world.tunnels.next();
    sessions.push(socket);
  }
  hub.cut();
  for (const session of sessions) await session.closed;
  await settle();
  assert.ok(world.logged("ended: the connection to the hub has ended"));
  world.clock.advance(await delayMs(world));
  await register(world);
  await machine.stop();
});

Deno.test("runMachine() stops while it waits, dials, or serves a session, and leaves nothing", async () => {
  const waiting = new FakeWorld();
  waiting.hubFault = new Error("down");
  const first = start(waiting);
  await settle();
  assert.equal(await first.stop(), "stopped");
  assert.equal(waiting.clock.nextTimerMs(), Infinity);

  const serving = new FakeWorld();
  const second = start(serving);
  const hub = await register(serving);
  hub.send({ type: "session-request", sessionId: "abcdefgh", sessionIdx: 1, wgPubKey: CLIENT_KEY });
  (await serving.sockets.next()).send({ type: "session-start" });
  const tunnel = await serving.tunnels.next();
  await settle();
  const client = tunnel.connect(22);
  await serving.targets.next();
  await second.stop();
  await assert.rejects(client.read(), /reset/);
  assert.equal(serving.clock.nextTimerMs(), Infinity);
});

Deno.test("runMachine() passes on the update settings a hub suggests, in either case (wire 45)", async () => {
  const world = new FakeWorld();
  const machine = start(world);
  const hub = await world.sockets.next();
  const sources = { stable: "https://x/" };
  hub.send(
    `{"type":"registered","machineId":"barn","defaultUpdate":{"Channel":"stable","Sources":{"stable":"https://x/"}}}`,
  );
  hub.send({ type: "registered", machineId: "barn", defaultUpdate: { channel: "beta" } });
  hub.send(`{"type":"registered","defaultUpdate":{"Channel":"dev","Sources":null}}`);
  await settle();
  assert.deepEqual(machine.updates, [
    { channel: "stable", sources },
    { channel: "beta" },
    { channel: "dev" },
  ]);
  await machine.stop();
});

Deno.test("runMachine() leaves a hub that asks on and reads no answer", async () => {
  const world = new FakeWorld();
  const payload = { lines: ["x".repeat(1_000_000)] };
  let answers = 0;
  const machine = start(world, {
    manage: ({ requestId }) => {
      answers++;
      return Promise.resolve({ type: "mgmt-response", requestId, ok: true, payload });
    },
  });
  const hub = await register(world);
  hub.stopReading();
  for (let i = 0; i < 100; i++) {
    hub.send({ type: "mgmt-request", requestId: `${i}`, action: "logs" });
    await settle();
  }
  assert.ok(answers >= 5 && answers < 10, `${answers} answers`);
  await world.clock.advance(5_000);
  await settle();
  assert.ok(world.logged("disconnected: the connection ended (1008 answers are not read)"));
  hub.cut();
  await machine.stop();
});

Deno.test("runMachine() logs what a hub reports over and over once", async () => {
  const world = new FakeWorld();
  const machine = start(world);
  const hub = await register(world);
  for (let i = 0; i < 100; i++) hub.send({ type: "error", message: "out of order" });
  hub.send({ type: "error", message: "on fire" });
  await settle();
  world.clock.advance(60_000);
  const reported = world.lines.map((line) => line.split("the hub reports an error: ")[1]);
  assert.deepEqual(reported.filter((text) => text !== undefined), [
    "out of order",
    "on fire",
    '99 more of "out of order" within 60 s',
  ]);
  hub.cut();
  await machine.stop();
});
