import assert from "node:assert/strict";
import { TunnelSlot } from "./tunnel_slot.ts";

Deno.test("TunnelSlot.wait() gives the present tunnel, or all waiters the next one", async () => {
  const slot = new TunnelSlot<string>();
  const { signal } = new AbortController();
  const waiters = [slot.wait(signal), slot.wait(signal)];
  slot.set("a");
  assert.deepEqual(await Promise.all(waiters), ["a", "a"]);
  assert.equal(await slot.wait(signal), "a");
  slot.set("b");
  slot.clear("a");
  assert.equal(slot.current, "b");
  slot.clear("b");
  const later = slot.wait(signal);
  slot.set("c");
  assert.equal(await later, "c");
});

Deno.test("TunnelSlot.wait() rejects when aborted, before and after it is called", async () => {
  const slot = new TunnelSlot<string>();
  const controller = new AbortController();
  const waiting = slot.wait(controller.signal);
  controller.abort(new Error("gone"));
  await assert.rejects(waiting, { message: "gone" });
  slot.set("a");
  await assert.rejects(slot.wait(controller.signal), { message: "gone" });
});
