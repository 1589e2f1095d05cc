import assert from "node:assert/strict";
import { HEADROOM_BYTES, PacketPool, TAILROOM_BYTES } from "./packet.ts";

Deno.test("PacketPool.take() lends an empty packet with room on both sides", () => {
  const packet = new PacketPool({ maxPacketBytes: 100 }).take();
  assert.equal(packet.lenBytes, 0);
  assert.equal(packet.start, HEADROOM_BYTES);
  assert.equal(packet.bytes.length, HEADROOM_BYTES + 100 + TAILROOM_BYTES);
});

Deno.test("PacketPool.take() reuses a returned packet and resets its bounds", () => {
  const pool = new PacketPool({ maxPacketBytes: 100 });
  const packet = pool.take();
  packet.start = 3;
  packet.end = 90;
  pool.give(packet);
  const again = pool.take();
  assert.equal(again, packet);
  assert.equal(again.start, HEADROOM_BYTES);
  assert.equal(again.lenBytes, 0);
});

Deno.test("PacketPool keeps at most maxFree packets", () => {
  const pool = new PacketPool({ maxPacketBytes: 1, maxFree: 1 });
  const [a, b] = [pool.take(), pool.take()];
  pool.give(a);
  pool.give(b);
  assert.equal(pool.take(), a);
  assert.notEqual(pool.take(), b);
});

Deno.test("PacketPool refuses a size that is not a positive integer", () => {
  assert.throws(() => new PacketPool({ maxPacketBytes: 0 }), RangeError);
  assert.throws(() => new PacketPool({ maxPacketBytes: 1.5 }), RangeError);
});
