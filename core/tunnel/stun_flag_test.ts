import assert from "node:assert/strict";
import { UsageError } from "../cli/mod.ts";
import { readStunServers } from "./stun_flag.ts";

Deno.test("readStunServers() reads hosts with and without ports, and nothing else", () => {
  assert.deepEqual(readStunServers(), []);
  assert.deepEqual(readStunServers(" stun.example.com, 192.0.2.1:19302,[2001:db8::1]:1,"), [
    { host: "stun.example.com", port: 3478 },
    { host: "192.0.2.1", port: 19302 },
    { host: "2001:db8::1", port: 1 },
  ]);
  for (const text of ["a:0", "a:65536", "a:b", "a b", "2001:db8::1", "[x]", "a,b,c,d,e"]) {
    assert.throws(() => readStunServers(text), UsageError, text);
  }
});
