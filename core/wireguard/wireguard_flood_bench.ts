/**
 * What a flood of 10,000 handshake messages a second takes from established traffic, which is packets
 * sealed by one end and opened by the other at 400,000 a second, more than a machine can do. Time is
 * counted by the packets, so that a busy machine slows flood and traffic alike and the ratio stays.
 * `deno bench core/wireguard`.
 *
 * @module
 */

import { connect, type Connected } from "./_connect.ts";
import { seededRandom } from "./_pair.ts";
import { MacWriter } from "./mac_writer.ts";
import type { WireGuard } from "./wireguard.ts";

const PACKET_BYTES = 1_100;
const PACKETS = 10_000;
const PACKETS_PER_MS = 400;
const FLOOD_PER_MS = 10;
/** Different messages in a flood, sent round and round. */
const MESSAGES = 1_024;
const SOURCES = 1_000_000;
/** When the flood begins: past the second in which the handshake of the ends counts as load. */
const START_MS = 10_000;

const random = seededRandom(2);

/** Random messages that begin with `head`, the rest as `finish` leaves it. */
function junk(
  { lengthBytes, head, finish = () => {} }: {
    lengthBytes: number;
    head: ArrayLike<number>;
    finish?: (message: Uint8Array) => void;
  },
): Uint8Array[] {
  return Array.from({ length: MESSAGES }, () => {
    const message = new Uint8Array(lengthBytes);
    random(message);
    message.set(head);
    finish(message);
    return message;
  });
}

/** Puts a valid mac1 on a message to `b`; mac2 is zeros, or random if so wanted. */
function macs({ publicKeyB }: Connected, o: { mac2: boolean }): (message: Uint8Array) => void {
  const writer = new MacWriter(publicKeyB);
  return (message) => {
    const end = message.length;
    const mac2 = message.slice(end - 16);
    writer.write(message, { start: 0, end, nowMs: 0 });
    if (o.mac2) message.set(mac2, end - 16);
  };
}

/** The index of a handshake that `b` has under way, as seen on the wire. */
function indexOfB({ b, sent, pool }: Connected): Uint8Array {
  b.initiate(START_MS);
  const packet = sent.pop()!;
  const index = packet.bytes.slice(packet.start + 4, packet.start + 8);
  pool.give(packet);
  return index;
}

const initiation = { lengthBytes: 148, head: [1, 0, 0, 0] };

/** What `b` is flooded with, from a million sources in turn. */
const floods: [name: string, messagesFor: (to: Connected) => Uint8Array[]][] = [
  ["no flood", () => []],
  ["initiations of random bytes", () => junk(initiation)],
  [
    "initiations with a valid mac1",
    (to) => junk({ ...initiation, finish: macs(to, { mac2: false }) }),
  ],
  [
    "initiations with a valid mac1 and a random mac2",
    (to) => junk({ ...initiation, finish: macs(to, { mac2: true }) }),
  ],
  ["one captured initiation", (to) => [to.initiation]],
  [
    "responses to its own initiation, with a valid mac1 and a random mac2",
    (to) =>
      junk({
        lengthBytes: 92,
        head: [2, 0, 0, 0, 0, 0, 0, 0, ...indexOfB(to)],
        finish: macs(to, { mac2: true }),
      }),
  ],
  [
    "cookie replies to its own initiation",
    (to) => junk({ lengthBytes: 64, head: [3, 0, 0, 0, ...indexOfB(to)] }),
  ],
];

/** Sends messages to `b` at the rate, each from another source. */
class Flood {
  readonly #to: Connected;
  readonly #messages: Uint8Array[];
  readonly #source = new Uint8Array(6);
  readonly #sourceView = new DataView(this.#source.buffer);
  #count = 0;

  constructor(to: Connected, messages: Uint8Array[]) {
    this.#to = to;
    this.#messages = messages;
  }

  /** Sends the next message. */
  next(): void {
    if (this.#messages.length === 0) return;
    const { b, sent, pool } = this.#to;
    const message = this.#messages[this.#count % this.#messages.length]!;
    this.#sourceView.setUint32(0, this.#count % SOURCES);
    const nowMs = START_MS + this.#count++ / FLOOD_PER_MS;
    b.receive(message, 0, message.length, nowMs, this.#source);
    // A cookie reply, which goes to nobody.
    for (let reply = sent.pop(); reply; reply = sent.pop()) pool.give(reply);
  }
}

/** Carries one packet; the end that is flooded opens it or seals it. */
function carry({ sent, pool }: Connected, from: WireGuard, to: WireGuard): void {
  const packet = pool.take();
  packet.end = packet.start + PACKET_BYTES;
  from.send(packet, 1);
  const message = sent.pop()!;
  if (to.receive(message.bytes, message.start, message.end, 1) !== "data") {
    throw new Error("Cannot receive: not data");
  }
  pool.give(message);
}

for (const [name, messagesFor] of floods) {
  const connected = connect(PACKET_BYTES);
  const { a, b } = connected;
  const flood = new Flood(connected, messagesFor(connected));
  for (const [role, from, to] of [["opens", a, b], ["seals", b, a]] as const) {
    Deno.bench({
      name: `${role} ${PACKETS} packets of ${PACKET_BYTES} B, ${name}`,
      group: `the flooded end ${role}`,
      baseline: name === "no flood",
      fn() {
        for (let i = 0; i < PACKETS; i++) {
          carry(connected, from, to);
          if (i % (PACKETS_PER_MS / FLOOD_PER_MS) === 0) flood.next();
        }
      },
    });
  }
}
