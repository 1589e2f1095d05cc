import assert from "node:assert/strict";
import {
  agentRegistered,
  clientBound,
  dial,
  echo,
  Fabric,
  fetchLocal,
  isGone,
  launchAgent,
  launchClient,
  MACHINE,
  readExactly,
  Target,
  until,
  writeAll,
} from "../rig/mod.ts";

/** What a connection gives until it ends, in whatever way. */
async function rest(connection: Deno.Conn): Promise<number> {
  const buffer = new Uint8Array(1024);
  try {
    let count = 0;
    for (;;) {
      const read = await connection.read(buffer);
      if (read === null) return count;
      count += read;
    }
  } catch (error) {
    if (!isGone(error)) throw error;
    return 0;
  }
}

Deno.test("a grant of one service is enforced inside the tunnel, and revoking it cuts what is open (hub 82)", async () => {
  await using allowed = new Target(echo);
  await using forbidden = new Target(echo);
  await using fabric = await Fabric.create();
  await fabric.startHub();
  await fabric.startAgent([allowed.port, forbidden.port]);
  const { token } = await fabric.ask("POST /api/admin/tokens", { id: "alice" });
  await fabric.ask(`PUT /api/admin/access/alice/machines/${MACHINE}`, {
    permissions: ["connect"],
    services: [`port-${allowed.port}`],
  });
  const peer = { hubUrl: fabric.hubUrl, token, home: fabric.home("client") };
  await using client = await launchClient(peer, [allowed.port, forbidden.port]);
  const [open, closed] = await clientBound(client, 2);

  using good = await dial(open!);
  await writeAll(good, new Uint8Array([1]));
  assert.deepEqual(await readExactly(good, 1), new Uint8Array([1]));
  using bad = await dial(closed!);
  assert.equal(await rest(bad), 0);
  assert.equal(forbidden.openCount, 0);

  await fabric.ask("POST /api/admin/tokens/alice/revoke");
  assert.equal(await rest(good), 0);
  await allowed.waitForOpen(0);
  await fabric.waitForSessions(0);
  await client.waitForLine(/access denied|denied access/i);
});

/** Whether a byte comes back by a port. */
async function echoes(port: number): Promise<boolean> {
  using connection = await dial(port);
  try {
    await writeAll(connection, new Uint8Array([7]));
    return await connection.read(new Uint8Array(1)) === 1;
  } catch (error) {
    if (!isGone(error)) throw error;
    return false;
  }
}

Deno.test("a grant that moves to another service cuts the old one and opens the new one", async () => {
  await using first = new Target(echo);
  await using second = new Target(echo);
  await using fabric = await Fabric.create();
  await fabric.startHub();
  await fabric.startAgent([first.port, second.port]);
  const { token } = await fabric.ask("POST /api/admin/tokens", { id: "alice" });
  const grant = (...services: string[]) =>
    fabric.ask(`PUT /api/admin/access/alice/machines/${MACHINE}`, {
      permissions: ["connect"],
      services,
    });
  await grant(`port-${first.port}`);
  const peer = { hubUrl: fabric.hubUrl, token, home: fabric.home("client") };
  await using client = await launchClient(peer, [first.port, second.port]);
  const [toFirst, toSecond] = await clientBound(client, 2);
  using open = await dial(toFirst!);
  await writeAll(open, new Uint8Array([1]));
  await readExactly(open, 1);

  await grant(`port-${second.port}`);
  assert.equal(await rest(open), 0);
  await until(() => echoes(toSecond!), { what: "the service that is granted now" });
  assert.equal(await echoes(toFirst!), false);
  await first.waitForOpen(0);
});

Deno.test("rotating an agent's token ends its registration and its sessions", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.create();
  await fabric.startHub();
  const { code } = await fabric.ask("POST /api/admin/pair-code", {
    type: "register",
    machineId: MACHINE,
  });
  const paired = await fetchLocal(`http://127.0.0.1:${fabric.hubPort}/api/pair`, {
    method: "POST",
    body: JSON.stringify({ code, machineId: MACHINE }),
  });
  const { token, identity } = await paired.json();
  const agentPeer = { hubUrl: fabric.hubUrl, token, home: fabric.home("agent") };
  await using agent = await launchAgent(agentPeer, [target.port]);
  await agentRegistered(agent);
  await fabric.startClient([target.port]);
  using connection = await dial(fabric.localPort());
  await writeAll(connection, new Uint8Array([1]));
  await readExactly(connection, 1);

  await fabric.ask(`POST /api/admin/rotate/${identity}`);
  assert.equal(await rest(connection), 0);
  await agent.waitForLine(/access denied/i);
  assert.equal((await fabric.machine())?.agentConnected, false);
});
