import assert from "node:assert/strict";
import {
  dial,
  echo,
  Fabric,
  fetchLocal,
  freePort,
  hubListens,
  launchAgent,
  launchClient,
  launchHub,
  MACHINE,
  newToken,
  type Process,
  readExactly,
  startProgram,
  Target,
  writeAll,
} from "../rig/mod.ts";

/** Gives `test` a directory that is removed afterwards. */
async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "tela-" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function statusCode(hubPort: number, token: string): Promise<number> {
  const response = await fetchLocal(`http://127.0.0.1:${hubPort}/api/status`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await response.body?.cancel();
  return response.status;
}

Deno.test("the hub prints a working owner token at its first start only, and keeps it in a private file", () =>
  inDirectory(async (home) => {
    await using first = await launchHub({ home });
    const port = await hubListens(first);
    // By another stream than the log, which may be read first.
    const [token] = await first.waitForLine(/\b[0-9a-f]{64}\b/);
    assert.equal(await statusCode(port, token), 200);
    assert.equal(await statusCode(port, newToken()), 401);
    const file = `${home}/telahubd.yaml`;
    assert.ok((await Deno.readTextFile(file)).includes(token));
    if (Deno.build.os !== "windows") assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    assert.equal((await first.stop()).code, 0);
    const printed = first.output.match(/\b[0-9a-f]{64}\b/g);
    assert.deepEqual(printed, [token], "the token was printed once, and no other");

    await using second = await launchHub({ home });
    assert.equal(await statusCode(await hubListens(second), token), 200);
    assert.equal(second.output.includes(token), false);
  }));

Deno.test("an agent with a wrong token says so, keeps trying and leaves cleanly (agent 16, agent 20)", async () => {
  await using fabric = await Fabric.create();
  await fabric.startHub();
  const token = newToken();
  const peer = { hubUrl: fabric.hubUrl, token, home: fabric.home("agent") };
  await using agent = await launchAgent(peer, [freePort()]);
  await agent.waitForLine(/access denied/i);
  assert.equal(agent.status, undefined);
  assert.equal(agent.output.includes(token), false);
  assert.equal((await agent.stop()).code, 0);
});

Deno.test("a client with a wrong token says so and does not show it", async () => {
  await using fabric = await Fabric.create();
  await fabric.startHub();
  const target = freePort();
  await fabric.startAgent([target]);
  const token = newToken();
  const peer = { hubUrl: fabric.hubUrl, token, home: fabric.home("client") };
  await using client = await launchClient(peer, [target]);
  await client.waitForLine(/denied access|access denied/i);
  assert.equal(client.output.includes(token), false);
});

Deno.test("an interrupt ends a client with exit code 0, with a tunnel and without (client 52)", () =>
  inDirectory(async (directory) => {
    await using target = new Target(echo);
    await using fabric = await Fabric.start({ targetPorts: [target.port] });
    using connection = await dial(fabric.localPort());
    await writeAll(connection, new Uint8Array([1]));
    await readExactly(connection, 1);
    assert.equal((await fabric.client.stop("SIGINT")).code, 0);
    await target.waitForOpen(0);

    const peer = { hubUrl: `ws://127.0.0.1:${freePort()}`, token: newToken(), home: directory };
    await using lost = await launchClient(peer, [target.port]);
    await lost.waitForLine(/next attempt/i);
    assert.equal((await lost.stop("SIGINT")).code, 0);
  }));

Deno.test("an interrupt ends a hub and an agent with exit code 0 (agent 20)", async () => {
  await using fabric = await Fabric.start({ targetPorts: [freePort()] });
  assert.equal((await fabric.agent.stop("SIGINT")).code, 0);
  assert.equal((await fabric.hub.stop("SIGINT")).code, 0);
});

Deno.test("machines, services and status show the machine; a wrong token exits 1 (client 15)", () =>
  inDirectory(async (home) => {
    const target = freePort();
    await using fabric = await Fabric.start({ targetPorts: [target] });
    await fabric.waitForSessions(1);
    const ask = async (token: string, ...args: string[]): Promise<Process> => {
      const all = [...args, "-hub", fabric.hubUrl];
      const asked = await startProgram("tela", { args: all, home, env: { TELA_TOKEN: token } });
      await asked.ended;
      return asked;
    };
    const machines = await ask(fabric.token, "machines");
    assert.match(
      machines.stdout,
      /^MACHINE +STATUS +SERVICES +SESSION\nbarn +online .*1 active\n$/,
    );
    const services = await ask(fabric.token, "services", "-machine", MACHINE);
    assert.match(services.stdout, new RegExp(`^Machine: barn \\(online\\)\n.*\n${target} `));
    const status = await ask(fabric.token, "status", "-json");
    assert.ok(JSON.parse(status.stdout));
    const refused = await ask(newToken(), "machines");
    assert.equal(refused.status?.code, 1);
    assert.equal(refused.stdout, "");
    assert.match(refused.output, /token/i);
  }));
