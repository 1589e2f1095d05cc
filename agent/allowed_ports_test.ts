import assert from "node:assert/strict";
import { clientHello, FEATURE_RESUME } from "../core/identity/mod.ts";
import { FAKE_SETTINGS, fakeMachine, FakeWorld, settle } from "./_fakes.ts";
import { Sessions } from "./sessions.ts";

const KEY = "6330dc28ece519134aa0e40043f923289f711ba5e9cb359988571e81f3d73629";

function setUp() {
  const world = new FakeWorld();
  const machine = fakeMachine({ ports: [22, 80, 443] });
  const surroundings = world.surroundings();
  const sessions = new Sessions({ hub: "ws://hub", machine, ...FAKE_SETTINGS, surroundings });
  let requests = 0;
  const join = async (allowedPorts: number[] | undefined) => {
    const sessionId = `session-${++requests}`;
    const request = { sessionId, sessionIdx: requests, wgPubKey: KEY, allowedPorts };
    sessions.start({ type: "session-request", ...request });
    const hub = await world.sockets.next();
    await hub.expect("session-join");
    hub.send({ type: "session-start", wgPubKey: KEY });
    const { ports } = await hub.expect("wg-pubkey");
    await hub.expect("peer-hello");
    hub.send(clientHello([FEATURE_RESUME]));
    await settle();
    return { hub, ports };
  };
  return { world, sessions, join };
}

const CASES: [allowedPorts: number[] | undefined, served: number[]][] = [
  [undefined, [22, 80, 443]],
  [[80], [80]],
  [[443, 22, 9999], [22, 443]],
  [[9999], []],
  [[], []],
];

for (const [allowedPorts, served] of CASES) {
  Deno.test(`a client that may reach [${allowedPorts ?? "all"}] is served [${served}] and told so`, async () => {
    const { world, sessions, join } = setUp();
    const { ports } = await join(allowedPorts);
    assert.deepEqual((await world.tunnels.next()).ports, served);
    assert.deepEqual(ports, served);
    await sessions.close("stopping");
  });
}

Deno.test("a client that comes back with the same ports goes on, in whatever order they are named", async () => {
  const { world, sessions, join } = setUp();
  const first = await join([22, 80]);
  const tunnel = await world.tunnels.next();
  first.hub.cut();
  await settle();
  await join([80, 22]);
  assert.equal(tunnel.sockets.length, 2);
  assert.equal(world.tunnels.length, 0);
  await sessions.close("stopping");
});

Deno.test("a session is ended by its client's key when the right to it is withdrawn", async () => {
  const { world, sessions, join } = setUp();
  const { hub } = await join(undefined);
  const tunnel = await world.tunnels.next();
  hub.cut();
  await settle();
  sessions.withdraw("ab".repeat(32));
  assert.equal(sessions.size, 1);
  sessions.withdraw(KEY.toUpperCase());
  assert.equal(tunnel.left, true);
  await settle();
  assert.equal(sessions.size, 0);
  await sessions.close("stopping");
});

for (const ports of [[22], [22, 80, 443], undefined, []]) {
  Deno.test(`a client that comes back and may reach [${ports ?? "all"}] begins anew`, async () => {
    const { world, sessions, join } = setUp();
    const first = await join([22, 80]);
    const before = await world.tunnels.next();
    const client = before.connect(80);
    await world.targets.next();
    first.hub.cut();
    await settle();
    await join(ports);
    assert.equal(before.left, true);
    await assert.rejects(client.read(), /reset/);
    const after = await world.tunnels.next();
    assert.deepEqual(after.ports, ports ?? [22, 80, 443]);
    assert.equal(sessions.size, 1);
    await sessions.close("stopping");
  });
}
