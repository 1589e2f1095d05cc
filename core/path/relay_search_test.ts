import assert from "node:assert/strict";
import { RelaySearch } from "./relay_search.ts";
import type { UdpAddress } from "./udp_port.ts";

const TOKEN = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const READY = new Uint8Array([...TOKEN, ...new TextEncoder().encode("READY")]);

function at(hostname: string, port = 41820): UdpAddress {
  return { transport: "udp", hostname, port };
}

function search(...hosts: string[]): RelaySearch {
  return new RelaySearch({ token: TOKEN, candidates: hosts.map((host) => at(host)), nowMs: 0 });
}

/** Polls each 50 ms; gives where was sent to, and when. */
function run(relay: RelaySearch, untilMs: number): string[] {
  const log: string[] = [];
  for (let nowMs = 0; nowMs < untilMs; nowMs += 50) {
    const to = relay.poll(nowMs);
    if (to !== undefined) log.push(`${to.hostname}@${nowMs}`);
  }
  return log;
}

Deno.test("RelaySearch probes each candidate four times in 2 s, one after the other (wire 50)", () => {
  const relay = search("192.0.2.1", "192.0.2.2");
  assert.deepEqual(run(relay, 10_000), [
    ...["192.0.2.1@0", "192.0.2.1@250", "192.0.2.1@600", "192.0.2.1@1200"],
    ...["192.0.2.2@2000", "192.0.2.2@2250", "192.0.2.2@2600", "192.0.2.2@3200"],
  ]);
  assert.equal(relay.endMs, 4_000);
  assert.equal(relay.nextDeadlineMs(), Infinity);
  assert.equal(new TextDecoder().decode(relay.probe.subarray(8)), "PROBE");
  assert.deepEqual(relay.probe.subarray(0, 8), TOKEN);
});

Deno.test("RelaySearch takes exactly its own answer, from any source, however late", () => {
  const relay = search("192.0.2.1", "192.0.2.2");
  assert.equal(relay.answer(READY, 13, at("192.0.2.1")), undefined);
  run(relay, 10_000);
  assert.equal(relay.answer(READY, 13, at("192.0.2.1"))?.hostname, "192.0.2.1");
  assert.equal(relay.answer(READY, 13, at("198.51.100.7", 9))?.hostname, "192.0.2.2");
  assert.equal(relay.answer(READY, 12, at("192.0.2.1")), undefined);
  assert.equal(relay.answer(new Uint8Array([...READY, 0]), 14, at("192.0.2.1")), undefined);
  for (let i = 0; i < READY.length; i++) {
    const other = READY.slice();
    other[i]! ^= 1;
    assert.equal(relay.answer(other, 13, at("192.0.2.1")), undefined);
  }
});

Deno.test("RelaySearch without candidates is over at once", () => {
  const relay = search();
  assert.deepEqual(run(relay, 1_000), []);
  assert.equal(relay.endMs, 0);
});
