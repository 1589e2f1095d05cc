import assert from "node:assert/strict";
import { End, MTU, Pair, seededRandom } from "./_pair.ts";
import { type Packet, PacketPool } from "../bytes/mod.ts";
import { consumeResponse, createIdentity, createInitiation } from "./handshake.ts";
import { Keypair } from "./keypair.ts";
import { generatePrivateKey, publicKey } from "./keys.ts";
import { MacWriter } from "./mac_writer.ts";
import { readU32, RESPONSE } from "./messages.ts";
import { MAX_STAGED_PACKETS, REPLAY_WINDOW_BITS } from "./tuning.ts";
import { sealPacket } from "./transport.ts";

/** How far behind the highest counter the window reaches: all of its blocks but the newest. */
const REACH = REPLAY_WINDOW_BITS - 32;
const DELAY_MS = 300;
/** Ten sessions of an initiator that sends. */
const RUN_MS = 1_200_000;

/** A numbered inner packet. */
function numbered(n: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
}

const numberOf = (bytes: Uint8Array) => new DataView(bytes.buffer).getUint32(0);

/** Both ends of a pair with a wire of 300 ms, on which packets of two sessions mix. */
class SlowPair {
  readonly pair: Pair;
  readonly sent = { a: 0, b: 0 };
  readonly #wire: { atMs: number; to: End; message: Uint8Array }[] = [];
  readonly #lose: (message: Uint8Array) => boolean;

  constructor(lose: (message: Uint8Array) => boolean = () => false) {
    this.pair = Pair.established();
    this.#lose = lose;
  }

  send(name: "a" | "b"): void {
    const end = this.pair[name];
    end.wireguard.send(end.packet(numbered(this.sent[name]++)), this.pair.nowMs);
  }

  /** Lets time pass to the given end in steps of 100 ms. */
  runTo(untilMs: number, eachStep: () => void): void {
    for (const { pair } = this; pair.nowMs < untilMs; pair.nowMs += 100) {
      for (const end of [pair.a, pair.b]) end.wireguard.tick(pair.nowMs);
      eachStep();
      this.#carry();
    }
  }

  #carry(): void {
    const { a, b, nowMs } = this.pair;
    for (const [from, to] of [[a, b], [b, a]] as const) {
      for (const message of from.outbox.splice(0)) {
        if (!this.#lose(message)) this.#wire.push({ atMs: nowMs + DELAY_MS, to, message });
      }
    }
    while (this.#wire.length > 0 && this.#wire[0]!.atMs <= nowMs) {
      const { to, message } = this.#wire.shift()!;
      to.receive(message, nowMs);
    }
  }
}

/** Asserts that an end got all packets of the other once and in order, but for those on the wire. */
function assertAll(received: Uint8Array[], sent: number): void {
  const numbers = received.map(numberOf);
  assert.deepEqual(numbers, numbers.map((_, i) => i));
  assert.ok(sent - numbers.length <= DELAY_MS / 100 + 1, `${sent - numbers.length} missing`);
}

Deno.test("WireGuard loses nothing in many rekeys with traffic both ways", () => {
  const slow = new SlowPair();
  slow.runTo(RUN_MS, () => {
    slow.send("a");
    slow.send("b");
  });
  const { a, b } = slow.pair;
  assertAll(b.delivered, slow.sent.a);
  assertAll(a.delivered, slow.sent.b);
  const { sessions } = a.wireguard.stats;
  assert.ok(sessions === 10, `${sessions} sessions`);
  assert.equal(b.wireguard.stats.sent.initiation, 0, "the responder leaves it to the initiator");
  for (const { wireguard: { stats } } of [a, b]) {
    assert.equal(stats.received.expired + stats.received["unknown-index"], 0);
  }
});

for (const sender of ["a", "b"] as const) {
  const who = sender === "a" ? "initiator" : "responder";
  Deno.test(`WireGuard loses nothing in many rekeys when only the ${who} sends`, () => {
    const slow = new SlowPair();
    slow.runTo(RUN_MS, () => slow.send(sender));
    const { a, b } = slow.pair;
    assertAll(sender === "a" ? b.delivered : a.delivered, slow.sent[sender]);
    const { sessions } = a.wireguard.stats;
    assert.ok(sessions >= RUN_MS / 170_000, `${sessions} sessions`);
  });
}

Deno.test("WireGuard loses nothing when a third of all handshake messages are lost (seed 5)", () => {
  const random = seededRandom(5);
  const draw = new Uint8Array(1);
  const slow = new SlowPair((message) => {
    random(draw);
    return message[0] !== 4 && draw[0]! < 85;
  });
  slow.runTo(RUN_MS, () => {
    slow.send("a");
    slow.send("b");
  });
  const { a, b } = slow.pair;
  assertAll(b.delivered, slow.sent.a);
  assertAll(a.delivered, slow.sent.b);
  const { sent, sessions } = a.wireguard.stats;
  assert.ok(sent.initiation > sessions, "some had to be repeated");
});

Deno.test("WireGuard keeps only the newest packets through an outage, and goes on after it", () => {
  let isDown = false;
  const slow = new SlowPair(() => isDown);
  const both = () => {
    slow.send("a");
    slow.send("b");
  };
  slow.runTo(10_000, both);
  isDown = true;
  // Two sessions' worth, so that the keys have expired.
  slow.runTo(400_000, both);
  isDown = false;
  slow.runTo(420_000, both);
  for (const [from, to] of [["a", "b"], ["b", "a"]] as const) {
    const numbers = slow.pair[to].delivered.map(numberOf);
    const gap = numbers.findIndex((number, i) => i > 0 && number !== numbers[i - 1]! + 1);
    assert.deepEqual(numbers.slice(gap), numbers.slice(gap).map((_, i) => numbers[gap]! + i));
    const { sendDropped } = slow.pair[from].wireguard.stats;
    assert.ok(sendDropped["staged-full"] > 1_000);
    const restarted = slow.sent[from] - numbers[gap]!;
    assert.ok(restarted <= 200 + MAX_STAGED_PACKETS, `${restarted} packets since the outage`);
    assert.ok(slow.sent[from] - numbers.at(-1)! <= DELAY_MS / 100 + 2);
  }
});

Deno.test("WireGuard delivers once what comes reordered within the window (seed 11)", () => {
  const pair = Pair.established();
  const { a, b } = pair;
  const count = 10_000;
  for (let n = 0; n < count; n++) a.wireguard.send(a.packet(numbered(n)), 0);
  // The keepalive that confirmed the session had the counter before the first.
  const messages = a.outbox.splice(0);
  const random = seededRandom(11);
  const draw = new Uint8Array(2);
  const lateness = messages.map((_, n) => {
    random(draw);
    return n + (draw[0]! | draw[1]! << 8) % (REACH - 1);
  });
  const order = messages.map((_, n) => n).sort((x, y) => lateness[x]! - lateness[y]!);
  for (const n of order) assert.equal(b.receive(messages[n]!, 0), "data");
  for (const n of order) assert.equal(b.receive(messages[n]!, 0), "replayed");
  assert.deepEqual(b.delivered.map(numberOf), order);
  assert.notDeepEqual(order, order.toSorted((x, y) => x - y));
});

Deno.test("WireGuard refuses what comes later than the window reaches, to the packet", () => {
  const pair = Pair.established();
  const { a, b } = pair;
  const sealed = (count: number) => {
    for (let n = 0; n < count; n++) a.wireguard.send(a.packet(numbered(n)), 0);
    return a.outbox.splice(0);
  };
  const messages = sealed(REACH + 1);
  assert.equal(b.receive(messages[REACH]!, 0), "data");
  assert.equal(b.receive(messages[0]!, 0), "replayed", "exactly the reach behind");
  assert.equal(b.receive(messages[1]!, 0), "data", "one less");
});

/** An initiator made by hand, whose counters a test may set, with a session with a whole `End`. */
function byHand(): { keypair: Keypair; end: End; seal: (high: number, low: number) => Uint8Array } {
  const random = seededRandom(3);
  const [mine, theirs] = [generatePrivateKey(random), generatePrivateKey(random)];
  const end = new End({
    random,
    wallMs: () => 0,
    privateKey: theirs,
    peerPublicKey: publicKey(mine),
  });
  const identity = createIdentity({ privateKey: mine, peerPublicKey: publicKey(theirs) });
  const initiation = new Uint8Array(148);
  const pending = createInitiation(identity, {
    bytes: initiation,
    offset: 0,
    localIndex: 7,
    random,
    timestamp: new Uint8Array(12).fill(64),
  });
  new MacWriter(publicKey(theirs)).write(initiation, { start: 0, end: 148, nowMs: 0 });
  assert.equal(end.receive(initiation, 0), "handshake");
  const response = end.outbox.pop()!;
  const keys = consumeResponse(identity, pending, { bytes: response, start: 0 });
  assert.ok(typeof keys !== "string");
  const remoteIndex = readU32(response, RESPONSE.sender);
  const keypair = new Keypair(keys, { localIndex: 7, remoteIndex, isInitiator: true, nowMs: 0 });
  const pool = new PacketPool({ maxPacketBytes: MTU });
  const seal = (high: number, low: number) => {
    [keypair.sendHigh, keypair.sendLow] = [high, low];
    const packet: Packet = pool.take();
    packet.end += 16;
    sealPacket(packet, keypair, MTU);
    return packet.bytes.slice(packet.start, packet.end);
  };
  return { keypair, end, seal };
}

Deno.test("WireGuard accepts counters up to the limit of a session, and none from there on", () => {
  const { end, seal } = byHand();
  const steps: [high: number, low: number, result: string][] = [
    [0, 0, "data"],
    [0, 0xffff_ffff, "data"],
    [1, 0, "data"],
    [0, 0xffff_ffff, "replayed"],
    [0x1000_0000, 0, "data"],
    [0xffff_ffff, 0xffff_dffe, "data"],
    [0xffff_ffff, 0xffff_dffe, "replayed"],
    [0xffff_ffff, 0xffff_dffd, "data"],
    [0xffff_ffff, 0xffff_dfff, "counter-spent"],
    [0xffff_ffff, 0xffff_ffff, "counter-spent"],
    [1, 1, "replayed"],
  ];
  for (const [high, low, result] of steps) {
    assert.equal(end.receive(seal(high, low), 0), result, `${high}:${low}`);
  }
});
