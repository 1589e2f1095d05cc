/** Faults of the ways between peers and hub, each of which a stream has to outlive. */
import assert from "node:assert/strict";
import type { TunnelStatus } from "../../core/tunnel/mod.ts";
import {
  clientTunnel,
  dial,
  echo,
  Fabric,
  noise,
  PathLab,
  readExactly,
  sha256,
  Target,
  untilTunnel,
  writeAll,
} from "../rig/mod.ts";

const MIB = 1024 * 1024;

/** While paths change, so much is copied at a time, until each has carried both ways. */
const ROUND_MIB = 16;
const MAX_ROUNDS = 1000;

/** And at least so much; `TELA_TEST_MIB=1024` by hand. */
const LEAST_MIB = Number(Deno.env.get("TELA_TEST_MIB") ?? 0);

async function exchange(connection: Deno.TcpConn, byte: number): Promise<void> {
  await writeAll(connection, new Uint8Array([byte]));
  assert.equal((await readExactly(connection, 1))[0], byte);
}

/** Copies through an echo service, and does something once a quarter is back. */
async function copy(
  port: number,
  { lenBytes, midway }: { lenBytes: number; midway: () => void },
): Promise<void> {
  using connection = await dial(port);
  const sent = noise(lenBytes, 7);
  const sending = writeAll(connection, sent).then(() => connection.closeWrite());
  const first = await readExactly(connection, lenBytes >> 2);
  midway();
  const rest = await readExactly(connection, lenBytes - first.length);
  await sending;
  assert.equal(await connection.read(new Uint8Array(1)), null);
  const received = new Uint8Array(lenBytes);
  received.set(first);
  received.set(rest, first.length);
  assert.equal(sha256(received), sha256(sent));
}

function isUp(kind: string): (tunnel: TunnelStatus) => boolean {
  return ({ paths }) => paths.some((path) => path.kind === kind && path.state === "up");
}

Deno.test("a connection goes on by UDP while the WebSocket is a black hole", async () => {
  await using target = new Target(echo);
  await using lab = await PathLab.start({ targetPort: target.port, paths: "websocket,udp-relay" });
  const { fabric, clientBox } = lab;
  const [byUdp, byWebSocket] = [() => clientBox.udp.passed, () => clientBox.passedTcpBytes];
  using connection = await dial(fabric.localPort());
  await exchange(connection, 1);
  const udpIsUp = isUp("udp-relay");
  await untilTunnel(fabric, { what: "UDP through the hub", isSo: udpIsUp });
  clientBox.holdTcp();
  const [datagrams, bytes] = [byUdp(), byWebSocket()];
  await lab.sendingBy("udp-relay");
  await exchange(connection, 2);
  assert.ok(byUdp() > datagrams);
  assert.equal(byWebSocket(), bytes);
  const isLost = (tunnel: TunnelStatus) => !isUp("websocket")(tunnel);
  await untilTunnel(fabric, { what: "the loss to show", isSo: isLost });
  // The hub has noticed, too, and told the agent: UDP outlives the session.
  await fabric.waitForSessions(0);
  await lab.sendingBy("udp-relay");
  await exchange(connection, 4);
  clientBox.releaseTcp();
  await untilTunnel(fabric, { what: "another WebSocket", isSo: ({ resumes }) => resumes > 0 });
  await exchange(connection, 3);
});

Deno.test("a copy both ways goes on by the WebSocket when UDP is blocked in the midst of it", async () => {
  await using target = new Target(echo);
  await using lab = await PathLab.start({ targetPort: target.port, paths: "websocket,udp-relay" });
  const { fabric, clientBox } = lab;
  await lab.moveToUdp();
  const block = () => void (clientBox.udp.blocked = true);
  await copy(fabric.localPort(), { lenBytes: 8 * MIB, midway: block });
  // It may be trying UDP at this very moment, for as long as that seems to work.
  await lab.sendingBy("websocket");
  clientBox.udp.blocked = false;
  await untilTunnel(fabric, { what: "UDP to come back", isSo: isUp("udp-relay") });
  assert.equal((await clientTunnel(fabric))?.resumes, 0);
});

Deno.test("a copy both ways goes on by UDP when a NAT gives the client another port", async () => {
  await using target = new Target(echo);
  await using lab = await PathLab.start({ targetPort: target.port, paths: "websocket,udp-relay" });
  const { fabric, clientBox } = lab;
  await lab.moveToUdp();
  let passed = 0;
  const rebind = () => {
    passed = clientBox.udp.passed;
    assert.equal(clientBox.udp.rebind(), 1);
  };
  await copy(fabric.localPort(), { lenBytes: 16 * MIB, midway: rebind });
  // On a busy machine it tries the WebSocket in the midst of a copy, and comes back.
  await lab.sendingBy("udp-relay");
  // Each way again as much as half of the copy, in datagrams of at most 16 KiB.
  const enough = passed + 2 * 8 * MIB / 16384;
  for (let round = 1; clientBox.udp.passed <= enough; round++) {
    assert.ok(round <= MAX_ROUNDS, `${clientBox.udp.passed - passed} datagrams`);
    await copy(fabric.localPort(), { lenBytes: 4 * MIB, midway: () => {} });
  }
});

Deno.test("a copy both ways loses nothing while both ends change their paths every second", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.create();
  const script = (role: string) => `tests/rig/switching_${role}.ts`;
  fabric.scripts = { agent: script("agent"), client: script("client") };
  await fabric.startHub();
  await fabric.startAgent([target.port]);
  await fabric.startClient([target.port]);
  const all = ({ paths }: TunnelStatus) => paths.filter(({ state }) => state === "up").length === 3;
  await untilTunnel(fabric, { what: "all three paths", isSo: all });
  using connection = await dial(fabric.localPort());
  for (let round = 1, done = false; !done; round++) {
    const sent = noise(ROUND_MIB * MIB, round);
    const sending = writeAll(connection, sent);
    assert.equal(sha256(await readExactly(connection, sent.length)), sha256(sent));
    await sending;
    const { paths, resumes } = (await clientTunnel(fabric))!;
    assert.equal(resumes, 0);
    const isUsed = paths.every((path) => path.sentBytes > MIB && path.receivedBytes > MIB);
    assert.ok(isUsed || round < MAX_ROUNDS, JSON.stringify(paths));
    done = isUsed && round * ROUND_MIB >= LEAST_MIB;
  }
});

Deno.test("old and new connections go by the direct path while the hub is dead", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  using old = await dial(fabric.localPort());
  await exchange(old, 1);
  await untilTunnel(fabric, { what: "a direct path", isSo: isUp("direct") });
  const from = fabric.client.mark();
  await fabric.hub.kill();
  await fabric.client.waitForLine(/open connections go on by the direct path/, { from });
  await exchange(old, 2);
  using next = await dial(fabric.localPort());
  await exchange(next, 3);
});

Deno.test("a connection goes on by the direct path for longer than the grace time, until the hub is back", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.create();
  const flags = ["-resume-grace", "1"];
  await fabric.startHub();
  await fabric.startAgent([target.port], flags);
  await fabric.startClient([target.port], flags);
  using connection = await dial(fabric.localPort());
  await exchange(connection, 1);
  await untilTunnel(fabric, { what: "a direct path", isSo: isUp("direct") });
  const from = fabric.client.mark();
  await fabric.hub.kill();
  await fabric.client.waitForLine(/open connections go on by the direct path/, { from });
  const startMs = performance.now();
  while (performance.now() - startMs < 3_000) await exchange(connection, 2);
  await fabric.startHub();
  await untilTunnel(fabric, { what: "another WebSocket", isSo: ({ resumes }) => resumes === 1 });
  await exchange(connection, 3);
});

Deno.test("a client whose socket to the hub is half open finds out, and goes on by another", async () => {
  await using target = new Target(echo);
  await using lab = await PathLab.start({ targetPort: target.port, paths: "websocket" });
  const { fabric, clientBox } = lab;
  using connection = await dial(fabric.localPort());
  await exchange(connection, 1);
  assert.equal(clientBox.forgetTcp(), 1);
  await untilTunnel(fabric, { what: "another WebSocket", isSo: ({ resumes }) => resumes === 1 });
  await exchange(connection, 2);
});
