/**
 * What a flood of 10,000 initiations a second takes from established traffic: packets sealed by one
 * end and opened by the other, as fast as it goes, while the flood comes in at its rate.
 * `deno bench core/wireguard`.
 *
 * @module
 */

import { connect } from "./_connect.ts";
import { seededRandom } from "./_pair.ts";
import { MacWriter } from "./mac_writer.ts";

const PACKET_BYTES = 1_100;
const PACKETS = 10_000;
const FLOOD_PER_MS = 10;

/** Random initiations, with a mac1 that is valid for the key or random too. */
function initiations(key: Uint8Array, withMac1: boolean): Uint8Array[] {
  const random = seededRandom(2);
  const writer = new MacWriter(key);
  return Array.from({ length: 1_024 }, () => {
    const message = new Uint8Array(148);
    random(message);
    message.set([1, 0, 0, 0]);
    if (withMac1) writer.write(message, { start: 0, end: message.length, nowMs: 0 });
    return message;
  });
}

const floods = [["no flood"], ["without valid mac1", false], ["with valid mac1", true]] as const;

for (const [name, withMac1] of floods) {
  const { a, b, keyB, sent, pool } = connect(PACKET_BYTES);
  const messages = withMac1 === undefined ? [] : initiations(keyB, withMac1);
  const source = new Uint8Array(6);
  const sourceView = new DataView(source.buffer);
  let floodMs = performance.now();
  let count = 0;

  const flood = (nowMs: number) => {
    if (messages.length === 0) return;
    for (; floodMs < nowMs; floodMs += 1 / FLOOD_PER_MS) {
      const message = messages[count % messages.length]!;
      sourceView.setUint32(0, count++);
      b.receive(message, 0, message.length, nowMs, source);
      // A cookie reply, which goes to nobody.
      for (let reply = sent.pop(); reply; reply = sent.pop()) pool.give(reply);
    }
  };

  Deno.bench({
    name: `${PACKETS} packets of ${PACKET_BYTES} B, ${name}`,
    group: "flood",
    baseline: withMac1 === undefined,
    fn(bench) {
      floodMs = performance.now();
      bench.start();
      for (let i = 0; i < PACKETS; i++) {
        const packet = pool.take();
        packet.end = packet.start + PACKET_BYTES;
        a.send(packet, 1);
        const message = sent.pop()!;
        if (b.receive(message.bytes, message.start, message.end, 1) !== "data") {
          throw new Error("Cannot receive: not data");
        }
        pool.give(message);
        flood(performance.now());
      }
      bench.end();
    },
  });
}
