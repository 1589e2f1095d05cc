import assert from "node:assert/strict";
import { fromSource } from "./from_source.ts";

Deno.test("fromSource() takes all ports of an address, and a network of IPv6, for one source", () => {
  const of = (remoteAddress: string) =>
    fromSource({ what: "connect refused", detail: "barn", remoteAddress });
  assert.deepEqual(of("192.0.2.7:4711"), {
    what: "connect refused",
    detail: "barn, from 192.0.2.7:4711",
    which: "from 192.0.2.7",
  });
  assert.equal(of("[2001:db8:1:2::3]:4711").which, of("[2001:db8:1:2::4]:9").which);
});
