/** What the steady path leaves to the collector of garbage, on the heap and beside it. */
import assert from "node:assert/strict";
import { garbageBytes } from "../bytes/testing/mod.ts";
import { connect } from "./_connect.ts";

/** Messages between two looks at the heap: few enough for no collection to come between. */
const MESSAGES = 100;

/** The short-lived views that the cipher copies by, two for each end, take 420; packets far more. */
const MAX_BYTES = 640;

for (const sizeBytes of [1_100, 16_384]) {
  Deno.test(`WireGuard seals and opens ${sizeBytes} bytes without a new buffer`, async () => {
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
      return MESSAGES;
    };
    const { memoryUsage } = Deno;
    const perMessage = await garbageBytes({ work: carry, memoryUsage, maxBytes: MAX_BYTES });
    assert.ok(perMessage < MAX_BYTES, `${perMessage} bytes for each message`);
    a.close();
    b.close();
  });
}
