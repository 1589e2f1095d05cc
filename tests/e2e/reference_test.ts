import assert from "node:assert/strict";
import { encodeHex } from "../../core/bytes/mod.ts";
import { systemRandom } from "../../core/clock/mod.ts";
import { connStream } from "../../core/stream/mod.ts";
import { generatePrivateKey, publicKey } from "../../core/wireguard/mod.ts";
import {
  dial,
  echo,
  Fabric,
  MACHINE,
  noise,
  readToEnd,
  Target,
  until,
  within,
  writeAll,
} from "../rig/mod.ts";
import { MAX_FRAME_BYTES, ReferenceSocket, ReferenceTunnel } from "./reference_peer.ts";

/** Spec: wire.md 3.5; every reference client dials it. */
const FILE_SHARE_PORT = 17377;

const HEX_KEY = /^[0-9a-f]{64}$/;

function newKeys() {
  const privateKey = generatePrivateKey(systemRandom);
  return { privateKey, hex: encodeHex(publicKey(privateKey)) };
}

/** Each is a relay frame that a reference peer takes. Spec: wire.md 3.4, 4.1 */
function checkFrames(frames: readonly Uint8Array[]): void {
  const ids = new Set(frames.map((frame) => encodeHex(frame.subarray(3, 7))));
  assert.ok(ids.size <= 2, "one session id for all that left by one carrier");
  for (const frame of frames) {
    assert.ok(frame.length > 7 && frame.length <= MAX_FRAME_BYTES, `${frame.length} bytes`);
    assert.deepEqual([frame[0], frame[1]], [0x54, 7]);
    const isControl = frame[2] === 1 && frame.length === 8 && (frame[7] === 1 || frame[7] === 2);
    const isData = frame[2] === 0 && frame[7]! >= 1 && frame[7]! <= 4;
    assert.ok(isControl || isData, encodeHex(frame.subarray(0, 8)));
  }
}

/** Asks a hub for the machine as a client of the reference does. */
async function connect(fabric: Fabric) {
  const { privateKey, hex } = newKeys();
  const socket = await ReferenceSocket.dial(fabric.hubUrl, {
    type: "connect",
    protocolVersion: 1,
    machineId: MACHINE,
    wgPubKey: hex,
    token: fabric.token,
  });
  const answer = await socket.next("wg-pubkey");
  const { sessionIdx } = await socket.next("ready");
  assert.match(String(answer.wgPubKey), HEX_KEY);
  const peerPublicKey = Uint8Array.fromHex(String(answer.wgPubKey));
  const role = "client";
  const session = { role, sessionIdx: Number(sessionIdx), privateKey, peerPublicKey } as const;
  return { socket, answer, tunnel: new ReferenceTunnel({ socket, ...session }) };
}

Deno.test("telad serves a client of the reference (agent 21, agent 24, wire 37, wire 41, wire 51, wire 52)", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.create();
  await fabric.startHub();
  await fabric.startAgent([target.port]);
  const { socket, answer, tunnel: opened } = await connect(fabric);
  using tunnel = opened;
  assert.deepEqual(answer.ports, [target.port]);
  const keyAt = socket.received.indexOf(answer);
  assert.ok(!socket.received.slice(0, keyAt).some((m) => m instanceof Uint8Array));

  const sent = noise(300_000, 1);
  const stream = connStream(await tunnel.netstack.connect({ port: target.port }));
  const received: Uint8Array[] = [];
  const reading = (async () => {
    for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
      received.push(chunk.slice());
    }
  })();
  await stream.write(sent);
  await stream.closeWrite();
  await within(reading, { what: "the echo and its end" });
  assert.deepEqual(new Uint8Array(await new Blob(received as BlobPart[]).arrayBuffer()), sent);
  stream.close();
  await assert.rejects(tunnel.netstack.connect({ port: FILE_SHARE_PORT }), { code: "refused" });

  for (const junk of ["54000100000000", "5400010000000009", "54000000000000ff"]) {
    socket.send(Uint8Array.fromHex(junk));
  }
  socket.send({ type: "keepalive" });
  socket.send({ type: "x-custom", more: { of: "it" } });
  socket.send({ type: "wg-pubkey", wgPubKey: "ff".repeat(32), ports: [] });
  tunnel.request();
  await until(() => tunnel.answers === 1, { what: "the answer to a request for a sign of life" });
  checkFrames(socket.frames);
  await socket.close();
  await fabric.agent.waitForLine(/session \w+: ended: the peer's connection to the hub ended/);
  await fabric.waitForSessions(0);
});

/** Takes one connection on `port`, reads to its end, and answers with how much came. */
async function serveOnce({ netstack }: ReferenceTunnel, port: number): Promise<void> {
  const stream = connStream(await netstack.listen({ port }).accept());
  let count = 0;
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
    count += chunk.length;
  }
  await stream.write(new TextEncoder().encode(`${count} bytes`));
  await stream.closeWrite();
}

/** Joins the next session as an agent of the reference does. */
async function join(fabric: Fabric, control: ReferenceSocket, port: number) {
  const request = await control.next("session-request");
  const socket = await ReferenceSocket.dial(fabric.hubUrl, {
    type: "session-join",
    machineId: MACHINE,
    sessionId: request.sessionId,
  });
  assert.equal((await socket.next("session-start")).wgPubKey, request.wgPubKey);
  const { privateKey, hex } = newKeys();
  const share = { name: "files", writable: true, allowDelete: true, maxFileSize: 52428800 };
  const capabilities = { shares: [share], management: true };
  socket.send({ type: "wg-pubkey", wgPubKey: hex, ports: [port], capabilities });
  const peerPublicKey = Uint8Array.fromHex(String(request.wgPubKey));
  const session = { sessionIdx: Number(request.sessionIdx), privateKey, peerPublicKey };
  return { socket, tunnel: new ReferenceTunnel({ socket, role: "agent", ...session }) };
}

Deno.test("tela works with an agent of the reference, and again after it was gone (client 37, client 46, wire 48, wire 51, wire 52)", async () => {
  await using fabric = await Fabric.create();
  await fabric.startHub();
  const control = await ReferenceSocket.dial(fabric.hubUrl, {
    type: "register",
    protocolVersion: 1,
    machineName: MACHINE,
    agentId: crypto.randomUUID(),
    machineRegistrationId: crypto.randomUUID(),
    hostname: "vm",
    os: "linux",
    token: fabric.token,
    ports: [5300],
    capabilities: { management: true },
  });
  await control.next("registered");
  await fabric.startClient([5300]);
  for (const round of [1, 2]) {
    const { socket, tunnel: opened } = await join(fabric, control, 5300);
    using tunnel = opened;
    const served = serveOnce(tunnel, 5300);
    await fabric.client.waitForLine(/Connected to machine/, { nth: round });
    using connection = await dial(fabric.localPort());
    await writeAll(connection, noise(100_000, round));
    await connection.closeWrite();
    const answer = await within(readToEnd(connection), { what: "the late answer and its end" });
    assert.equal(new TextDecoder().decode(answer), "100000 bytes");
    await served;
    socket.send({ type: "x-custom" });
    socket.send({ type: "ready", sessionIdx: 200 });
    tunnel.request();
    await until(() => tunnel.answers > 0, { what: "the answer to a request for a sign of life" });
    checkFrames(socket.frames);
    const isHello = (m: object) => "type" in m && m.type === "peer-hello";
    assert.ok(!socket.received.some(isHello), "a hello only answers one");
    await socket.close();
    await fabric.client.waitForLine(/Session ended: .*this agent cannot resume/, { nth: round });
  }
  await control.close();
});
