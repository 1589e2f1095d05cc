import assert from "node:assert/strict";
import { ManualClock, systemRandom } from "../clock/mod.ts";
import { type ByteStream, connStream } from "../stream/mod.ts";
import { generatePrivateKey } from "../wireguard/mod.ts";
import { Relay, settle, type TunnelPair, tunnelPair } from "./_pair.ts";
import { Tunnel } from "./tunnel.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (chunk: Uint8Array | null) => new TextDecoder().decode(chunk ?? new Uint8Array(0));

/** Both ends of a connection from client to agent. */
async function open({ agent, client }: TunnelPair): Promise<[ByteStream, ByteStream]> {
  const listener = agent.listen({ port: 80 });
  const conns = await Promise.all([listener.accept(), client.connect({ port: 80 })]);
  listener.close();
  return [connStream(conns[0]), connStream(conns[1])];
}

function end({ agent, client }: TunnelPair): Promise<unknown> {
  agent.close();
  client.close();
  return Promise.all([agent.closed, client.closed]);
}

/** A tunnel that waits, on a clock that the test moves. */
async function waitingPair() {
  const clock = new ManualClock();
  const pair = tunnelPair({ clock, wait: true });
  const [accepted, dialled] = await open(pair);
  // An accepted connection is handed over before the handshake is complete.
  await settle();
  pair.events.length = 0;
  pair.relay.cut();
  await settle();
  return { clock, pair, accepted, dialled };
}

Deno.test("Tunnel waits when its socket is cut, and its streams go on by the next", async () => {
  const { pair, accepted, dialled } = await waitingPair();
  const reason = "the hub connection ended (1006 connection lost)";
  assert.deepEqual(pair.events.toSorted(), [`agent waits: ${reason}`, `client waits: ${reason}`]);
  assert.deepEqual([pair.agent.state, pair.client.state], ["waiting", "waiting"]);
  await dialled.write(bytes("asked while waiting"));
  pair.events.length = 0;
  pair.join();
  assert.equal(text(await accepted.read()), "asked while waiting");
  await accepted.write(bytes("answered"));
  assert.equal(text(await dialled.read()), "answered");
  assert.deepEqual(pair.events.toSorted(), ["agent up", "client up"]);
  assert.deepEqual([pair.agent.resumes, pair.client.resumes], [1, 1]);
  await end(pair);
});

Deno.test("Tunnel loses and repeats no byte when it is cut again and again during a copy both ways", async () => {
  const pair = tunnelPair({ wait: true });
  const streams = await open(pair);
  let relay = pair.relay;
  const total = 8 << 20;
  const sent = new Uint8Array(total);
  for (let i = 0; i < total; i++) sent[i] = i * 31 >>> 7;
  let cuts = 0;
  const copy = async (from: ByteStream, to: ByteStream) => {
    const writing = from.write(sent).then(() => from.closeWrite());
    let at = 0;
    for (let chunk = await to.read(); chunk !== null; chunk = await to.read()) {
      assert.equal(chunk.findIndex((byte, i) => byte !== sent[at + i]), -1);
      at += chunk.length;
      if (at > (cuts + 1) * total / 8) {
        cuts++;
        relay.cut();
        relay = pair.join();
      }
    }
    assert.equal(at, total);
    await writing;
  };
  await Promise.all([copy(streams[0], streams[1]), copy(streams[1], streams[0])]);
  assert.equal(cuts, 7);
  await end(pair);
});

Deno.test("Tunnel keeps its streams for longer than TCP would, and leaves no timer at its end", async () => {
  const { clock, pair, dialled } = await waitingPair();
  await dialled.write(new Uint8Array(100_000));
  // TCP alone gives a connection up after five minutes without an acknowledgement.
  clock.advance(300_000);
  assert.equal(pair.client.state, "waiting");
  pair.join();
  await settle();
  assert.equal(pair.client.state, "up");
  await dialled.write(bytes("still open"));
  await end(pair);
  await settle();
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("Tunnel makes a handshake at once when the keys have expired meanwhile", async () => {
  const { clock, pair, accepted, dialled } = await waitingPair();
  clock.advance(185_000);
  pair.join();
  await dialled.write(bytes("no time has passed since"));
  assert.equal(text(await accepted.read()), "no time has passed since");
  assert.equal(clock.nowMs(), 185_000);
  await end(pair);
});

Deno.test("Tunnel.connect() waits with the tunnel for as long as its owner", async () => {
  const { clock, pair } = await waitingPair();
  const listener = pair.agent.listen({ port: 22 });
  const dialling = pair.client.connect({ port: 22 });
  clock.advance(119_000);
  pair.join();
  await Promise.all([listener.accept(), dialling]);
  await end(pair);
});

Deno.test("Tunnel moves to a newer socket while the old one still works", async () => {
  const pair = tunnelPair({ wait: true });
  const [accepted, dialled] = await open(pair);
  const newer = pair.join();
  await dialled.write(bytes("one"));
  assert.equal(text(await accepted.read()), "one");
  while (pair.agent.resumes === 0 || pair.client.resumes === 0) await settle();
  const { length } = newer.frames;
  await accepted.write(bytes("two"));
  assert.equal(text(await dialled.read()), "two");
  assert.ok(newer.frames.length > length);
  assert.ok(!pair.events.some((event) => event.includes("waits")));
  await end(pair);
});

/** A stranger who knows the client's public key, and so much can have a socket joined to its session. */
function stranger(clock: ManualClock, agent: Tunnel) {
  const relay = new Relay(clock);
  agent.attach(relay.socket());
  const tunnel = new Tunnel({
    role: "client",
    sessionIdx: 7,
    privateKey: generatePrivateKey(systemRandom),
    peerPublicKey: new Uint8Array(32).fill(9),
    mtuBytes: 1100,
    clock,
    random: systemRandom,
  });
  tunnel.attach(relay.socket());
  relay.run();
  return { relay, tunnel };
}

Deno.test("Tunnel keeps the socket that works when one without the peer is attached", async () => {
  const clock = new ManualClock();
  const pair = tunnelPair({ clock, wait: true });
  const [accepted, dialled] = await open(pair);
  const recorded = pair.relay.frames.slice();
  pair.events.length = 0;
  const { relay, tunnel } = stranger(clock, pair.agent);
  // All that the peer ever sent proves nothing a second time, nor do words.
  for (const frame of recorded) relay.sendFrame(0, frame);
  relay.sendToBoth(`{"type":"peer-hello","version":1,"features":[]}`);
  await settle();
  assert.deepEqual(pair.events, ["agent got peer-hello, proven false"]);
  await accepted.write(bytes("by the old one"));
  assert.equal(text(await dialled.read()), "by the old one");
  for (const last of [`{"type":"peer-leave"}`, `{"type":"session-end","final":true}`]) {
    const other = stranger(clock, pair.agent);
    other.relay.sendToBoth(last);
    await settle();
    other.tunnel.close();
  }
  assert.equal(pair.agent.state, "up");
  assert.equal(pair.agent.resumes, 0);
  tunnel.close();
  await end(pair);
});

Deno.test("Tunnel gives a socket up behind which the peer does not show within 15 s", async () => {
  const { clock, pair } = await waitingPair();
  pair.events.length = 0;
  const { tunnel } = stranger(clock, pair.agent);
  await settle();
  assert.equal(pair.agent.state, "waiting");
  clock.advance(14_999);
  assert.deepEqual(pair.events, []);
  clock.advance(1);
  assert.deepEqual(pair.events, ["agent waits: the peer did not prove itself within 15 s"]);
  // The peer itself is as welcome as ever.
  pair.join();
  await settle();
  assert.equal(pair.agent.state, "up");
  tunnel.close();
  await end(pair);
});

for (
  const [message, reason] of [
    [`{"type":"peer-leave"}`, "the peer has left"],
    [`{"type":"session-end","final":true}`, "the hub has withdrawn the right to it"],
  ] as const
) {
  Deno.test(`Tunnel ends at once on ${message} by a proven socket`, async () => {
    const pair = tunnelPair({ wait: true });
    const [accepted] = await open(pair);
    const failure = assert.rejects(accepted.read(), { name: "TcpError" });
    pair.relay.sendToBoth(message);
    assert.equal(await pair.agent.closed, reason);
    assert.equal(pair.agent.state, "ended");
    await failure;
    await end(pair);
  });
}

Deno.test("Tunnel.leave() ends the peer's end, too, and resets what is open", async () => {
  const pair = tunnelPair({ wait: true });
  const [accepted] = await open(pair);
  const failure = assert.rejects(accepted.read(), { name: "TcpError", code: "reset" });
  pair.client.leave("stopping");
  assert.equal(await pair.client.closed, "stopping");
  assert.equal(await pair.agent.closed, "the peer has left");
  await failure;
});
