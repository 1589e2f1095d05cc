import assert from "node:assert/strict";
import { decodeHex, encodeHex } from "../core/bytes/mod.ts";
import { systemClock, systemRandom } from "../core/clock/mod.ts";
import { parseControl } from "../core/control/mod.ts";
import { verifyHello } from "../core/identity/mod.ts";
import { HubSocket } from "../core/path/mod.ts";
import { forwardRelayFrame } from "../core/relay/mod.ts";
import { type ByteStream, connStream, dialTcp, listenTcp, streamPair } from "../core/stream/mod.ts";
import { ClosedPort } from "../core/stream/testing/mod.ts";
import { Tunnel, type TunnelOptions } from "../core/tunnel/mod.ts";
import { WebSocketConnection } from "../core/websocket/mod.ts";
import { generatePrivateKey, publicKey } from "../core/wireguard/mod.ts";
import { FAKE_IDENTITY, FAKE_SETTINGS, fakeMachine, FakeWorld, settle } from "./_fakes.ts";
import { Sessions } from "./sessions.ts";

const COMMON = { clock: systemClock, random: systemRandom };

/** A socket to a hub, and the hub's end of it. */
function socketPair(): [HubSocket, WebSocketConnection] {
  const [near, far] = streamPair();
  return [
    new HubSocket(
      new WebSocketConnection({ stream: near, role: "client", ...COMMON }),
      systemClock,
    ),
    new WebSocketConnection({ stream: far, role: "server", ...COMMON }),
  ];
}

/** A hub that starts the session of an agent and relays it to a client. */
function relay(agent: WebSocketConnection, client: WebSocketConnection): Promise<unknown> {
  const pass = (from: WebSocketConnection, to: WebSocketConnection) =>
    from.run({
      text: (text) => {
        if (parseControl(text).type === "session-join") from.sendText(`{"type":"session-start"}`);
        else to.sendText(text);
      },
      binary: (bytes, start, end) => {
        assert.equal(forwardRelayFrame(bytes, start, end), "forward");
        to.sendBinary(bytes, start, end);
      },
    }).then(() => to.abort());
  return Promise.all([pass(agent, client), pass(client, agent)]);
}

/** A tunnel that ends with its socket. */
function openTunnel(
  socket: HubSocket,
  options: Omit<TunnelOptions, "clock" | "random">,
): Tunnel {
  const handler = { waiting: (reason: string) => tunnel.end(reason) };
  const tunnel = new Tunnel({ ...options, ...COMMON, handler });
  tunnel.attach(socket);
  return tunnel;
}

/** A session of an agent whose machine offers `ports`, and the client's end of the tunnel. */
async function openSession(ports: number[]) {
  const world = new FakeWorld();
  const [agentSocket, agentEnd] = socketPair();
  const [socket, clientEnd] = socketPair();
  const relaying = relay(agentEnd, clientEnd);
  const privateKey = generatePrivateKey(systemRandom);
  const clientKey = publicKey(privateKey);
  const sessions = new Sessions({
    hub: "ws://hub",
    machine: fakeMachine({ ports }),
    ...FAKE_SETTINGS,
    surroundings: world.surroundings({
      ...COMMON,
      dialHub: () => Promise.resolve(agentSocket),
      dialTarget: dialTcp,
      newKeys: () => {
        const key = generatePrivateKey(systemRandom);
        return { privateKey: key, publicKey: publicKey(key) };
      },
      openTunnel: (options) => new Tunnel({ role: "agent", ...options, ...COMMON }),
    }),
  });
  sessions.start({
    type: "session-request",
    sessionId: "2e03c435924e72ee",
    sessionIdx: 7,
    wgPubKey: encodeHex(clientKey),
  });
  const answer = await socket.next();
  assert.ok(answer?.type === "wg-pubkey");
  assert.deepEqual(answer.ports, ports);
  const agentKey = decodeHex(answer.wgPubKey)!;
  const hello = await socket.next();
  assert.ok(hello?.type === "peer-hello");
  const proven = verifyHello(hello, { machine: "barn", agentKey, clientKey });
  assert.equal(proven?.fingerprint, FAKE_IDENTITY.fingerprint);
  const tunnel = openTunnel(socket, {
    role: "client",
    sessionIdx: 7,
    privateKey,
    peerPublicKey: agentKey,
    mtuBytes: 1100,
  });
  const close = async () => {
    tunnel.close();
    await relaying;
    while (sessions.size > 0) await settle();
  };
  return { tunnel, close, sessions, relaying };
}

async function readAll(stream: ByteStream): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
    chunks.push(chunk.slice());
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** A real service that answers with what it was sent, once the sender has finished. */
function echoServer() {
  return listenTcp({ hostname: "127.0.0.1", port: 0 }, async (stream) => {
    await stream.write(await readAll(stream));
    await stream.closeWrite();
    stream.close();
  });
}

Deno.test("Sessions carries 1 MiB each way to a real service at MTU 1100, with half-close (agent 26, agent 28, wire 41)", async () => {
  const server = await echoServer();
  const { tunnel, close } = await openSession([server.port]);
  const stream = connStream(await tunnel.connect({ port: server.port }));
  const sent = new Uint8Array(1024 * 1024).map((_, i) => i * 31 >> 3);
  const [received] = await Promise.all([
    readAll(stream),
    stream.write(sent).then(() => stream.closeWrite()),
  ]);
  assert.deepEqual(received, sent);
  stream.close();
  await close();
  server.close();
});

Deno.test("Sessions refuses ports that are not listed and resets those without a service (agent 24, agent 25, wire 41)", async () => {
  using closed = await ClosedPort.take();
  const { port } = closed;
  const { tunnel, close } = await openSession([port]);
  await assert.rejects(tunnel.connect({ port: 17377 }), { code: "refused" });
  const conn = await tunnel.connect({ port });
  await assert.rejects(conn.read(new Uint8Array(1)), { code: "reset" });
  conn.close();
  await close();
});

Deno.test("Sessions leaves nothing open when it is stopped mid-transfer (agent 23)", async () => {
  const server = await listenTcp({ hostname: "127.0.0.1", port: 0 }, async (stream) => {
    // Sends until the session's end breaks the stream.
    const chunk = new Uint8Array(65536);
    await assert.rejects(async () => {
      for (;;) await stream.write(chunk);
    });
    stream.close();
  });
  const { tunnel, sessions, relaying } = await openSession([server.port]);
  const stream = connStream(await tunnel.connect({ port: server.port }));
  assert.ok((await stream.read())!.length > 0);
  await sessions.close("stopping");
  assert.equal(sessions.size, 0);
  await tunnel.closed;
  await relaying;
  stream.close();
  server.close();
});
