import assert from "node:assert/strict";
import { PartedSessions } from "./parted.ts";
import type { Session } from "./session_table.ts";

/** As much of a session as matters here. */
function session(wgPubKey: string, more: object = { agent: {} }): Session {
  return { wgPubKey, machine: {}, holder: undefined, allowedPorts: undefined, ...more } as Session;
}

Deno.test("PartedSessions remembers sessions that an agent had joined, by key, until they are back", () => {
  const parted = new PartedSessions();
  parted.add(session("a"));
  parted.add(session("b", { agent: undefined }));
  parted.add(session(""));
  parted.add(session("a"));
  assert.deepEqual(parted.of().map(({ wgPubKey }) => wgPubKey), ["a"]);
  parted.forget({ wgPubKey: "a" });
  assert.deepEqual(parted.of(), []);
});

Deno.test("PartedSessions remembers 4,096, those that parted last", () => {
  const parted = new PartedSessions();
  for (let i = 0; i < 5000; i++) parted.add(session(`${i}`));
  assert.equal(parted.of().length, 4096);
  assert.equal(parted.of()[0]!.wgPubKey, "904");
});

Deno.test("PartedSessions.of() a machine gives its own alone", () => {
  const parted = new PartedSessions();
  const machine = {};
  parted.add(session("a", { agent: {}, machine }));
  parted.add(session("b"));
  const own = parted.of(machine as Session["machine"]);
  assert.deepEqual(own.map(({ wgPubKey }) => wgPubKey), ["a"]);
});
