import assert from "node:assert/strict";
import {
  dial,
  echo,
  Fabric,
  fetchLocal,
  MACHINE,
  readExactly,
  startProgram,
  Target,
  until,
  writeAll,
} from "../rig/mod.ts";

/** Runs `tela` beside the fabric's client, as the same user. */
async function tela(fabric: Fabric, line: string): Promise<{ code: number; out: string }> {
  const home = fabric.home("client");
  const env = { TELA_TOKEN: fabric.token };
  await using process = await startProgram("tela", { args: line.split(" "), home, env });
  const { code } = await process.ended;
  return { code, out: process.stdout };
}

/** The only tunnel, as `tela status -json` prints it. */
// deno-lint-ignore no-explicit-any -- JSON, whose shape is what the tests assert
async function tunnel(fabric: Fabric): Promise<any> {
  const { code, out } = await tela(fabric, "status -json");
  assert.equal(code, 0);
  const { tunnels } = JSON.parse(out);
  assert.equal(tunnels.length, 1);
  return tunnels[0];
}

const controlFile = (fabric: Fabric) => `${fabric.home("client")}/.tela/run/control.json`;

Deno.test("tela status follows a tunnel from start to end (client 57, 61, 67)", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  await fabric.waitForTunnel();
  const idle = await tunnel(fabric);
  assert.deepEqual([idle.machine, idle.hub, idle.pid], [MACHINE, fabric.hubUrl, fabric.client.pid]);
  assert.equal(idle.state, "up");
  assert.equal(idle.openConnections, 0);
  assert.deepEqual(
    idle.services.map(({ local, remote }: { local: number; remote: number }) => [
      local,
      remote,
    ]),
    [[fabric.localPort(), target.port]],
  );
  const home = fabric.home("client");
  await using follow = await startProgram("tela", { args: ["status", "-follow", "-json"], home });
  await follow.waitForLine(/"connection_state","connected":true/);
  const connection = await dial(fabric.localPort());
  await writeAll(connection, new Uint8Array([42]));
  assert.equal((await readExactly(connection, 1))[0], 42);
  assert.equal((await tunnel(fabric)).openConnections, 1);
  connection.close();
  await follow.waitForLine(/"tunnel_activity".*"active":false/);
  await fabric.agent.kill();
  await follow.waitForLine(/"tunnel_(ended|waiting)"/);
  await until(async () => (await tunnel(fabric)).state !== "up", { what: "the end to show" });
  await fabric.client.stop();
  await follow.ended;
  assert.equal((await tela(fabric, "status")).code, 1);
  await assert.rejects(Deno.stat(controlFile(fabric)), Deno.errors.NotFound);
});

Deno.test({
  name: "tela status -follow tells of a frozen agent, of its return, and of a hub that was killed",
  ignore: Deno.build.os === "windows", // which has no way to freeze a process
  async fn() {
    await using target = new Target(echo);
    await using fabric = await Fabric.start({ targetPorts: [target.port] });
    await fabric.waitForTunnel();
    const home = fabric.home("client");
    await using follow = await startProgram("tela", { args: ["status", "-follow", "-json"], home });
    await follow.waitForLine(/"connection_state","connected":true/);
    fabric.agent.signal("SIGSTOP");
    await follow.waitForLine(/"tunnel_waiting".*"machine":"barn"/);
    assert.equal((await tunnel(fabric)).state, "waiting");
    const frozen = follow.mark();
    fabric.agent.signal("SIGCONT");
    await follow.waitForLine(/"tunnel_up"/, { from: frozen });
    // By UDP it may be up before it has a new socket.
    await follow.waitForLine(/"tunnel_resumed"/, { from: frozen });
    const before = (await tunnel(fabric)).tunnel.resumes;
    const killed = follow.mark();
    // By a direct path the tunnel may well stay up meanwhile; it still needs a new socket.
    await fabric.hub.kill();
    await fabric.startHub();
    await follow.waitForLine(/"tunnel_resumed"/, { from: killed });
    const { tunnel: { resumes, peer } } = await tunnel(fabric);
    assert.ok(resumes > before);
    assert.match(peer.fingerprint, /^SHA256:/);
  },
});

Deno.test("the control API reconnects, and a file left by a crash is no running client (client 67)", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  await fabric.waitForTunnel();
  const mark = fabric.client.mark();
  const { port, token } = JSON.parse(await Deno.readTextFile(controlFile(fabric)));
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetchLocal(`http://127.0.0.1:${port}/reconnect`, {
    method: "POST",
    headers,
  });
  assert.equal(answer.status, 202);
  await answer.body?.cancel();
  await fabric.client.waitForLine(/Session goes on by a new connection to the hub/, { from: mark });
  await fabric.client.kill();
  assert.ok((await Deno.stat(controlFile(fabric))).isFile);
  assert.deepEqual(await tela(fabric, "status -json"), { code: 1, out: "" });
  await assert.rejects(Deno.stat(controlFile(fabric)), Deno.errors.NotFound);
});

Deno.test("tela explain finds the way to a running agent, and the fault once it is gone", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  const line = `explain -hub ${fabric.hubUrl} -machine ${MACHINE} -json`;
  const { code, out } = await tela(fabric, line);
  const { verdict, findings } = JSON.parse(out);
  assert.deepEqual([code, verdict], [0, "ok"], out);
  const states = findings.map(({ check, state }: { check: string; state: string }) =>
    `${check} ${state}`
  );
  const checks = "address dns proxy tcp tls hub clock websocket token machine session udp nat mtu";
  assert.deepEqual(states, checks.split(" ").map((check) => `${check} ok`), out);
  await fabric.agent.kill();
  await until(async () => (await fabric.machine())?.agentConnected === false, {
    what: "the hub to notice",
  });
  const offline = await tela(fabric, line);
  assert.equal(offline.code, 1);
  assert.equal(JSON.parse(offline.out).verdict, "machine-offline");
  await fabric.hub.kill();
  assert.equal(JSON.parse((await tela(fabric, line)).out).verdict, "tcp-refused");
});
