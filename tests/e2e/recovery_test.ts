import assert from "node:assert/strict";
import { dialEcho, echo, Fabric, readExactly, Target, within, writeAll } from "../rig/mod.ts";

/** Longer than a reconnect after a few refusals takes: 3, 6 and 12 s, a quarter more at worst. */
const RECONNECT = { what: "an answer after the reconnect", deadlineMs: 60_000 };

Deno.test("a client that vanishes leaves no connection and no session behind once it is given up", async () => {
  await using target = new Target(echo);
  const agentFlags = ["-resume-grace", "1"];
  await using fabric = await Fabric.start({ targetPorts: [target.port], agentFlags });
  const connections = await Promise.all([1, 2, 3].map(() => dialEcho(fabric.localPort())));
  assert.equal(target.openCount, 3);
  await fabric.waitForSessions(1);
  await fabric.client.kill();
  await target.waitForOpen(0);
  await fabric.waitForSessions(0);
  for (const connection of connections) connection.close();
});

Deno.test("a client that is interrupted leaves no connection and no session behind", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  using _connection = await dialEcho(fabric.localPort());
  assert.equal((await fabric.client.stop("SIGINT")).code, 0);
  await target.waitForOpen(0);
  await fabric.waitForSessions(0);
});

Deno.test("a client keeps its local port and reaches the agent again after the agent was killed", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  (await dialEcho(fabric.localPort())).close();
  await fabric.agent.kill();
  await fabric.waitForSessions(0);
  await fabric.startAgent([target.port]);
  using _again = await within(dialEcho(fabric.localPort()), RECONNECT);
});

Deno.test("agent and client find the hub again after it was killed, and a connection opened meanwhile completes (agent 17, client 44)", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  (await dialEcho(fabric.localPort())).close();
  await fabric.hub.kill();
  const meanwhile = dialEcho(fabric.localPort());
  await fabric.startHub();
  using _answered = await within(meanwhile, RECONNECT);
});

Deno.test("a client that an agent was pairing with when it was killed reaches the next one", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.create();
  await fabric.startHub();
  await fabric.startAgent([target.port]);
  // It has the request and says nothing, until it is killed.
  fabric.agent.signal("SIGSTOP");
  await fabric.startClient([target.port]);
  await fabric.waitForSessions(1);
  await fabric.agent.kill();
  await fabric.waitForSessions(0);
  const meanwhile = dialEcho(fabric.localPort());
  await fabric.startAgent([target.port]);
  using _answered = await within(meanwhile, RECONNECT);
  await fabric.waitForSessions(1);
});

Deno.test("a connection goes on after the hub was killed again while agent and client came back", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  using connection = await dialEcho(fabric.localPort());
  for (let kill = 1; kill <= 3; kill++) {
    const { agent, client } = fabric;
    const [fromAgent, fromClient] = [agent.mark(), client.mark()];
    await fabric.hub.kill();
    await fabric.startHub();
    // The next time as soon as either is back: the other is then half-way.
    await Promise.race([
      agent.waitForLine(/registered/, { from: fromAgent }),
      client.waitForLine(/resumed|not found/, { from: fromClient }),
    ]);
  }
  await writeAll(connection, new Uint8Array([7]));
  const echoed = within(readExactly(connection, 1), RECONNECT);
  assert.equal((await echoed)[0], 7);
});
