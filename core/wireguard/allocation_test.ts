/** What the steady path leaves to the collector of garbage, on the heap and beside it. */
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { connect } from "./_connect.ts";

/** Messages between two looks at the heap: few enough for no collection to come between. */
const MESSAGES = 100;

/** Looks, of which the middle one counts: the compiler may still be at work in others. */
const LOOKS = 9;

/** The short-lived views that the cipher copies by, two for each end, take 420; packets far more. */
const MAX_BYTES = 640;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function usedBytes(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

for (const sizeBytes of [1_100, 16_384]) {
  Deno.test(`WireGuard seals and opens ${sizeBytes} bytes without a new buffer`, () => {
    const { a, b, sent, pool } = connect(sizeBytes);
    const carry = () => {
      for (let i = 0; i < MESSAGES; i++) {
        const packet = pool.take();
        packet.end = packet.start + sizeBytes;
        const { bytes } = packet;
        a.send(packet, 1);
        const message = sent.pop()!;
        if (message.bytes !== bytes) assert.fail("It is not sealed in place");
        if (b.receive(message.bytes, message.start, message.end, 1) !== "data") assert.fail();
        pool.give(message);
      }
    };
    // Until the compiler has settled.
    for (let i = 0; i < 100; i++) carry();
    const looks = Array.from({ length: LOOKS }, () => {
      collectGarbage();
      const before = usedBytes();
      carry();
      return (usedBytes() - before) / MESSAGES;
    });
    const perMessage = looks.sort((x, y) => x - y)[LOOKS >> 1]!;
    assert.ok(perMessage < MAX_BYTES, `${perMessage} bytes for each message`);
    a.close();
    b.close();
  });
}
