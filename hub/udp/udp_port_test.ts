import assert from "node:assert/strict";
import { ManualClock, systemClock, systemRandom } from "../../core/clock/mod.ts";
import { createLog } from "../../core/log/mod.ts";
import { bindUdp, UdpBindError } from "./bind_udp.ts";
import { MAX_DATAGRAM_BYTES } from "./datagram.ts";
import { UdpPort, type UdpSocket } from "./udp_port.ts";
import { UdpRelay } from "./udp_relay.ts";

const PROBE = new TextEncoder().encode("PROBE");
const nowhere = { frame: () => false };

function logTo(lines: string[]) {
  const clock = new ManualClock();
  return createLog({ component: "hub", clock, write: (line) => void lines.push(line) });
}

/** A socket whose other side is the test; sends settle when the test says so. */
class FakeSocket implements UdpSocket {
  readonly sent: { bytes: Uint8Array; settle: PromiseWithResolvers<number> }[] = [];
  #arrived: (Uint8Array | Error)[] = [];
  #waiting:
    | { buffer: Uint8Array<ArrayBuffer>; receive: PromiseWithResolvers<ReceiveResult> }
    | undefined;

  arrive(bytes: Uint8Array | Error): void {
    this.#arrived.push(bytes);
    this.#hand();
  }

  receive(buffer: Uint8Array<ArrayBuffer> = new Uint8Array(0)): Promise<ReceiveResult> {
    const receive = Promise.withResolvers<ReceiveResult>();
    this.#waiting = { buffer, receive };
    this.#hand();
    return receive.promise;
  }

  send(bytes: Uint8Array): Promise<number> {
    const settle = Promise.withResolvers<number>();
    this.sent.push({ bytes, settle });
    return settle.promise;
  }

  close(): void {
    this.#waiting?.receive.reject(new Deno.errors.Interrupted("closed"));
  }

  #hand(): void {
    if (this.#waiting === undefined || this.#arrived.length === 0) return;
    const { buffer, receive } = this.#waiting;
    const next = this.#arrived.shift()!;
    this.#waiting = undefined;
    if (next instanceof Error) return receive.reject(next);
    buffer.set(next);
    const address = { transport: "udp", hostname: "192.0.2.1", port: 4000 } as const;
    receive.resolve([buffer.subarray(0, next.length), address]);
  }
}

type ReceiveResult = [Uint8Array<ArrayBuffer>, Deno.Addr];

function fakePort() {
  const socket = new FakeSocket();
  const clock = new ManualClock();
  const relay = new UdpRelay(systemRandom);
  const lines: string[] = [];
  const port = new UdpPort({ socket, relay, clock, log: logTo(lines) });
  const [side, other] = relay.pair([nowhere, nowhere]);
  const settle = async () => {
    for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
  };
  return { socket, clock, relay, lines, port, side, other, settle };
}

Deno.test("UdpPort drops what it would send when the system has not taken what was sent before", async () => {
  const { socket, relay, port, side, other, settle } = fakePort();
  const frame = new Uint8Array([...side.token, 0x54, 0, 0, 1, 2, 3, 4]);
  socket.arrive(new Uint8Array([...other.token, ...PROBE]));
  for (let i = 0; i < 50; i++) socket.arrive(frame);
  await settle();
  assert.equal(socket.sent.length, 32);
  assert.equal(relay.stats.drops["send-busy"], 51 - 32);
  const buffers = new Set(socket.sent.map(({ bytes }) => bytes.buffer));
  assert.equal(buffers.size, 32, "no buffer is used again while it is being sent");
  for (const { settle } of socket.sent.splice(0)) settle.resolve(0);
  await settle();
  for (let i = 0; i < 20; i++) socket.arrive(frame);
  await settle();
  for (const { bytes } of socket.sent) buffers.add(bytes.buffer);
  assert.deepEqual([socket.sent.length, buffers.size], [20, 33], "buffers are used again");
  const closed = port.close();
  for (const { settle } of socket.sent) settle.reject(new Error("closed"));
  await closed;
  assert.equal(relay.stats.drops["send-failed"], 20);
});

Deno.test("UdpPort goes on after an address that cannot be reached and after failures to receive", async () => {
  const { socket, clock, relay, lines, port, side, settle } = fakePort();
  const probe = new Uint8Array([...side.token, ...PROBE]);
  socket.arrive(probe);
  await settle();
  socket.sent.shift()!.settle.reject(new TypeError("Invalid argument"));
  socket.arrive(new Deno.errors.ConnectionReset("a peer has closed its port"));
  socket.arrive(new Error("out of memory"));
  socket.arrive(probe);
  await settle();
  assert.deepEqual([socket.sent.length, relay.stats.drops["send-failed"]], [0, 1]);
  clock.advance(100);
  await settle();
  assert.equal(socket.sent.length, 1);
  assert.deepEqual(lines.map((line) => line.slice(21)), [
    "[hub] cannot receive by UDP: out of memory",
  ]);
  socket.sent[0]!.settle.resolve(0);
  await port.close();
});

/** A peer on loopback. */
class Peer {
  readonly socket = Deno.listenDatagram({ port: 0, hostname: "127.0.0.1", transport: "udp" });
  readonly #to: Deno.NetAddr;

  constructor(port: number) {
    this.#to = { transport: "udp", hostname: "127.0.0.1", port };
  }

  send(...parts: Iterable<number>[]): Promise<number> {
    return this.socket.send(new Uint8Array(parts.flatMap((part) => [...part])), this.#to);
  }

  async next(): Promise<Uint8Array> {
    return (await this.socket.receive(new Uint8Array(MAX_DATAGRAM_BYTES)))[0];
  }
}

Deno.test("UdpPort relays between real sockets, up to the longest datagram (wire 27, 28)", async () => {
  const relay = new UdpRelay(systemRandom);
  const { socket, port } = bindUdp({ port: 0, hostname: "127.0.0.1" });
  const udpPort = new UdpPort({ socket, relay, clock: systemClock, log: logTo([]) });
  const [a, b] = relay.pair([nowhere, nowhere]);
  const [peerA, peerB] = [new Peer(port), new Peer(port)];
  await peerA.send(a.token, PROBE);
  assert.deepEqual(
    await peerA.next(),
    new Uint8Array([...a.token, ...new TextEncoder().encode("READY")]),
  );
  await peerB.send(b.token, PROBE);
  await peerB.next();
  for (const lenBytes of [0, 32, 1132, 16_384, 65_507 - 15]) {
    const payload = new Uint8Array(lenBytes).map((_, i) => i * 31);
    await peerA.send(a.token, [0x54, 0, 0, 1, 2, 3, 4], payload);
    const received = await peerB.next();
    assert.deepEqual(received, new Uint8Array([...b.token, 0x54, 7, 0, 1, 2, 3, 4, ...payload]));
  }
  for (const peer of [peerA, peerB]) peer.socket.close();
  await udpPort.close();
});

Deno.test("UdpPort answers who asks while strangers flood it", async () => {
  const relay = new UdpRelay(systemRandom);
  const { socket, port } = bindUdp({ port: 0, hostname: "127.0.0.1" });
  const udpPort = new UdpPort({ socket, relay, clock: systemClock, log: logTo([]) });
  const [a] = relay.pair([nowhere, nowhere]);
  const [peer, stranger] = [new Peer(port), new Peer(port)];
  const rubbish = new Uint8Array(1200);
  let isFlooding = true;
  const flood = (async () => {
    while (isFlooding) await stranger.send(rubbish);
  })();
  // A datagram may be lost in the flood, so that it is asked again, as peers do.
  const answered = peer.next();
  let isAnswered = false;
  answered.then(() => isAnswered = true);
  while (!isAnswered) await peer.send(a.token, PROBE);
  isFlooding = false;
  await flood;
  const { received, probes, drops } = relay.stats;
  assert.ok(drops["unknown-token"] > 0);
  const unsent = drops["send-busy"] + drops["send-failed"];
  assert.equal(received, probes + sum(drops) - unsent, "answers that could not be sent apart");
  for (const { socket } of [peer, stranger]) socket.close();
  await udpPort.close();
});

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

Deno.test("bindUdp() says which port is taken", () => {
  const { socket, port } = bindUdp({ port: 0, hostname: "127.0.0.1" });
  assert.throws(() => bindUdp({ port, hostname: "127.0.0.1" }), (error: UdpBindError) => {
    assert.equal(error.name, "UdpBindError");
    assert.equal(error.code, "bind");
    assert.match(error.message, new RegExp(`^Cannot bind UDP port ${port}: Addr`));
    return true;
  });
  socket.close();
});

Deno.test("bindUdp() refuses to bind what it may not answer from", {
  permissions: { net: ["127.0.0.1"] },
}, () => {
  assert.throws(() => bindUdp({ port: 0, hostname: "127.0.0.1" }), {
    name: "UdpBindError",
    code: "not-permitted",
    message: /run with --allow-net, without a list$/,
  });
});
