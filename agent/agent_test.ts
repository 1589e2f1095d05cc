import assert from "node:assert/strict";
import { FAKE_SETTINGS, fakeMachine, FakeWorld, refuseAll, settle } from "./_fakes.ts";
import { Agent } from "./agent.ts";
import type { MachineConfig } from "./config.ts";
import type { Surroundings } from "./surroundings.ts";

interface StartOptions {
  machines: MachineConfig[];
  exitOnRefusal?: boolean;
  more?: Partial<Surroundings>;
}

function make(world: FakeWorld, { machines, exitOnRefusal = false, more }: StartOptions): Agent {
  return new Agent({
    config: { hub: "ws://hub", machines, update: { channel: "beta", sources: { beta: "own" } } },
    ids: {
      agentId: "id-of-agent",
      registrationIds: new Map(machines.map(({ name }) => [name, `id-of-${name}`])),
    },
    version: "1.2.3",
    manage: refuseAll,
    ...FAKE_SETTINGS,
    exitOnRefusal,
    surroundings: world.surroundings(more),
  });
}

const TWO = [fakeMachine({ name: "barn" }), fakeMachine({ name: "attic" })];

Deno.test("Agent registers each machine on a connection of its own, one refused alone (agent 16)", async () => {
  const world = new FakeWorld();
  const agent = make(world, { machines: TWO });
  const run = agent.run();
  const [barn, attic] = [await world.sockets.next(), await world.sockets.next()];
  assert.equal((await barn.expect("register")).machineRegistrationId, "id-of-barn");
  const register = await attic.expect("register");
  assert.equal(register.machineRegistrationId, "id-of-attic");
  assert.equal(register.agentId, "id-of-agent");
  assert.equal(register.agentVersion, "1.2.3");
  barn.refuse("Access denied");
  attic.send({ type: "registered", machineId: "attic" });
  await barn.closed;
  await settle();
  assert.ok(world.logged("[telad:attic] registered with ws://hub as attic"));
  assert.ok(world.logged("[telad:barn] the hub refuses this agent: Access denied"));
  attic.send({ type: "mgmt-request", requestId: "1", action: "x" });
  await attic.expect("mgmt-response");
  agent.stop();
  assert.equal(await run, "stopped");
  assert.equal(world.clock.nextTimerMs(), Infinity);
});

Deno.test("Agent ends whole on a refusal when asked to (agent 16)", async () => {
  const world = new FakeWorld();
  const agent = make(world, { machines: TWO, exitOnRefusal: true });
  const run = agent.run();
  const [barn, attic] = [await world.sockets.next(), await world.sockets.next()];
  attic.send({ type: "registered", machineId: "attic" });
  barn.refuse("Invalid token");
  assert.equal(await run, "refused");
  await attic.closed;
  assert.equal(world.clock.nextTimerMs(), Infinity);
});

Deno.test("Agent keeps one machine going when the code of another throws", async () => {
  const world = new FakeWorld();
  let dials = 0;
  const dialHub = world.surroundings().dialHub;
  const agent = make(world, {
    machines: TWO,
    more: {
      dialHub: (options) => {
        if (++dials === 1) throw new TypeError("undefined is not a function");
        return dialHub(options);
      },
    },
  });
  const run = agent.run();
  const attic = await world.sockets.next();
  assert.equal((await attic.expect("register")).machineName, "attic");
  assert.ok(world.logged("[telad:barn] not connected: undefined is not a function; next attempt"));
  agent.stop();
  await run;
});

Deno.test("Agent.update keeps local settings and adds what a hub suggests (agent 14, wire 45)", async () => {
  const world = new FakeWorld();
  const agent = make(world, { machines: [fakeMachine()] });
  const run = agent.run();
  const hub = await world.sockets.next();
  hub.send(
    `{"type":"registered","defaultUpdate":{"Channel":"stable","Sources":{"beta":"theirs","dev":"d"}}}`,
  );
  await settle();
  assert.deepEqual(agent.update, { channel: "beta", sources: { beta: "own", dev: "d" } });
  // A hub that suggests others all the time fills no memory.
  hub.send(`{"type":"registered","defaultUpdate":{"sources":{"beta":"theirs","nightly":"n"}}}`);
  await settle();
  assert.deepEqual(agent.update, { channel: "beta", sources: { beta: "own", nightly: "n" } });
  agent.stop();
  await run;
});
