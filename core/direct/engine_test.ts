import assert from "node:assert/strict";
import type { PeerEndpoint } from "../control/mod.ts";
import { encodeBindingSuccess } from "../stun/mod.ts";
import { Bench, endpoint, HUB, OWN, SEEN } from "./_engine_bench.ts";

const PEER = endpoint("203.0.113.9:40001");
const OTHER = endpoint("203.0.113.9:40002");
const LAN = endpoint("10.0.0.3:50000");
const PUNCH = new TextEncoder().encode("TPUNCH");

Deno.test("DirectEngine acts on what came before it had a socket or a peer (wire 56)", () => {
  for (const peer of ["ours", "reference"] as const) {
    const bench = new Bench();
    if (peer === "ours") bench.engine.peerCandidates([PEER.text], 0);
    else bench.engine.peerEndpoint(PEER.text, 0);
    bench.engine.start(peer, 0);
    assert.deepEqual([bench.probes, bench.punches, bench.announced], [[], [], []]);
    bench.engine.setLocal([OWN], 5_000);
    assert.deepEqual(bench.probes, [PEER.text]);
    assert.deepEqual(bench.punches, peer === "ours" ? [] : [PEER.text]);
  }
});

Deno.test("DirectEngine announces itself, and again when STUN shows more (wire 56)", () => {
  const ours = Bench.started("ours");
  assert.deepEqual(ours.announced, [{ type: "peer-candidates", candidates: [OWN.text] }]);
  ours.answerStun();
  assert.deepEqual(ours.announced[1], {
    type: "peer-candidates",
    candidates: [OWN.text, SEEN.text],
  });
  const reference = Bench.started("reference");
  assert.deepEqual(reference.announced, [], "there is nothing that it could use");
  reference.answerStun();
  assert.deepEqual(reference.announced, [{ type: "peer-endpoint", message: SEEN.text }]);
});

Deno.test("DirectEngine needs STUN alone where it may not read its addresses", () => {
  const bench = new Bench();
  bench.engine.setLocal([endpoint("0.0.0.0:50000")], 0);
  bench.engine.start("ours", 0);
  assert.deepEqual(bench.announced, []);
  bench.answerStun();
  assert.deepEqual(bench.announced, [{ type: "peer-candidates", candidates: [SEEN.text] }]);
  bench.engine.peerCandidates([PEER.text, LAN.text], 0);
  assert.deepEqual(bench.probes, [PEER.text]);
});

Deno.test("DirectEngine repeats its endpoint when a reference peer tells its own, once", () => {
  const bench = Bench.started("reference");
  bench.answerStun();
  bench.engine.peerEndpoint(PEER.text, 10);
  assert.equal(bench.announced.length, 2);
  bench.engine.peerEndpoint(PEER.text, 20);
  assert.equal(bench.announced.length, 2);
});

Deno.test("DirectEngine goes direct once a probe is answered, not before", () => {
  const bench = Bench.started("ours");
  bench.engine.peerCandidates([PEER.text, LAN.text], 0);
  bench.engine.authenticated(PEER, 1);
  assert.deepEqual(bench.events, []);
  bench.answered(PEER, 40);
  assert.equal(bench.engine.remote?.text, PEER.text);
  bench.answered(endpoint("192.0.2.77:4000"), 1);
  bench.advance(20_000);
  assert.deepEqual(bench.events, [`up ${PEER.text}`]);
  const count = bench.probes.filter((text) => text === PEER.text).length;
  assert.equal(count, 1, "what has answered is not probed again");
});

Deno.test("DirectEngine takes a nearer address once the farther has answered twice", () => {
  for (const secondMs of [40, 1.9]) {
    const bench = Bench.started("ours");
    bench.engine.peerCandidates([PEER.text, LAN.text], 0);
    bench.answered(PEER, 40);
    bench.answered(LAN, 2);
    assert.deepEqual(bench.events, [`up ${PEER.text}`]);
    assert.deepEqual(bench.probes, [PEER.text, LAN.text, PEER.text]);
    bench.answered(PEER, secondMs);
    assert.equal(bench.engine.remote?.text, secondMs === 40 ? LAN.text : PEER.text);
    const events = bench.events.length;
    bench.advance(20_000);
    bench.answered(PEER, 1);
    assert.equal(bench.events.length, events);
  }
});

Deno.test("DirectEngine probes where the peer is heard from", () => {
  const bench = Bench.started("ours");
  bench.engine.authenticated(OTHER, 0);
  assert.deepEqual(bench.probes, [OTHER.text]);
  bench.answered(OTHER);
  assert.equal(bench.engine.remote?.text, OTHER.text);
  bench.advance(20_000);
  assert.deepEqual(new Set(bench.probes), new Set([OTHER.text]));
});

/** Up at PEER, the attempt over. */
function settled(role: "agent" | "client"): Bench {
  const bench = Bench.started("ours", { role });
  bench.engine.peerCandidates([PEER.text], 0);
  bench.answered(PEER, 40);
  bench.advance(30_000);
  assert.equal(bench.engine.isTrying, false);
  bench.probes.length = bench.events.length = 0;
  return bench;
}

Deno.test("DirectEngine leaves a path that does not answer for one that does", () => {
  const bench = settled("client");
  bench.engine.authenticated(OTHER, bench.nowMs);
  assert.deepEqual(bench.probes, [PEER.text, OTHER.text]);
  bench.answered(OTHER, 40);
  assert.deepEqual(bench.events, []);
  bench.advance(2_000);
  assert.deepEqual(bench.events, [`up ${OTHER.text}`]);
});

Deno.test("DirectEngine keeps a path that answers; the agent follows the client", () => {
  for (const role of ["agent", "client"] as const) {
    const bench = settled(role);
    bench.engine.authenticated(OTHER, bench.nowMs);
    bench.answered(PEER, 40);
    bench.answered(OTHER, 40);
    bench.advance(10_000);
    assert.deepEqual(bench.events, role === "agent" ? [`up ${OTHER.text}`] : []);
  }
});

Deno.test("DirectEngine asks after its path when the peer announces again", () => {
  const bench = settled("agent");
  bench.engine.peerCandidates([PEER.text], bench.nowMs);
  bench.advance(1_999);
  assert.deepEqual(bench.probes, Array(5).fill(PEER.text));
  bench.advance(1);
  assert.deepEqual(bench.events, ["down: no answer"]);
});

Deno.test("DirectEngine looks at once for a path that it lost, and says so to the peer", () => {
  const losses: [(bench: Bench) => void, string][] = [
    [({ engine, nowMs }) => engine.died(nowMs), "silence"],
    [({ engine, nowMs }) => engine.sendFailed(PEER, nowMs), "send error"],
    [({ engine, nowMs }) => engine.setLocal([], nowMs), "our addresses changed"],
  ];
  for (const [lose, reason] of losses) {
    const bench = settled("client");
    bench.announced.length = 0;
    lose(bench);
    assert.deepEqual(bench.events, [`down: ${reason}`]);
    bench.engine.sendFailed(PEER, bench.nowMs);
    bench.engine.died(bench.nowMs);
    if (reason === "our addresses changed") bench.engine.setLocal([LAN], bench.nowMs);
    bench.advance(1);
    assert.equal(bench.announced.length, 1);
    assert.equal(bench.probes[0], PEER.text);
    bench.answered(PEER, 40);
    assert.deepEqual(bench.events, [`down: ${reason}`, `up ${PEER.text}`]);
  }
});

Deno.test("DirectEngine asks STUN again when its addresses change", () => {
  for (const change of ["setLocal", "refresh"] as const) {
    const bench = Bench.started("ours");
    bench.answerStun();
    bench.announced.length = 0;
    if (change === "setLocal") bench.engine.setLocal([LAN], 10);
    else bench.engine.refresh(10);
    const own = change === "setLocal" ? LAN : OWN;
    bench.answerStun(OTHER);
    assert.deepEqual(bench.announced, [
      { type: "peer-candidates", candidates: [own.text] },
      { type: "peer-candidates", candidates: [own.text, OTHER.text] },
    ]);
  }
});

Deno.test("DirectEngine does not answer an announcement with one", () => {
  const bench = Bench.started("ours");
  for (const delayMs of [100, 5_000, 20_000]) {
    bench.announced.length = 0;
    bench.advance(delayMs);
    bench.announced.length = 0;
    bench.engine.peerCandidates(["224.0.0.1:5000"], bench.nowMs);
    bench.advance(2_000);
    assert.deepEqual(bench.announced, [], `${delayMs} ms later`);
  }
});

Deno.test("DirectEngine rests without a socket, whatever it is told", () => {
  const bench = settled("client");
  bench.engine.setLocal([], bench.nowMs);
  bench.engine.peerCandidates([OTHER.text], bench.nowMs);
  bench.engine.refresh(bench.nowMs);
  bench.announced.length = 0;
  bench.advance(3_600_000);
  assert.deepEqual([bench.probes, bench.announced], [[], []]);
});

Deno.test("DirectEngine punches a reference peer for 5 s even after it heard one (wire 57)", () => {
  const bench = Bench.started("reference");
  bench.engine.peerEndpoint(PEER.text, 0);
  assert.equal(bench.receive(PUNCH, PEER), "punch");
  assert.equal(bench.punches.length, 2, "begun at once, and answered");
  assert.equal(bench.engine.remote, undefined);
  bench.advance(10_000);
  assert.equal(bench.punches.length, 52);
});

Deno.test("DirectEngine goes direct to where a reference peer sends from (wire 57)", () => {
  const bench = Bench.started("reference");
  bench.engine.peerEndpoint(PEER.text, 0);
  bench.engine.authenticated(OTHER, 10);
  assert.deepEqual(bench.events, [`up ${OTHER.text}`]);
  bench.engine.setLocal([LAN], 20);
  assert.deepEqual(bench.events, [`up ${OTHER.text}`, "down: our addresses changed"]);
  assert.ok(bench.punches.includes(OTHER.text), "it learns our new address by a punch");
});

Deno.test("DirectEngine punches the path to a reference peer again after sleep", () => {
  const bench = Bench.started("reference");
  bench.engine.peerEndpoint(PEER.text, 0);
  bench.engine.authenticated(PEER, 10);
  bench.advance(60_000);
  bench.punches.length = bench.probes.length = 0;
  bench.engine.refresh(bench.nowMs);
  bench.advance(10_000);
  assert.equal(bench.punches.length, 51);
  assert.deepEqual(bench.events, [`up ${PEER.text}`]);
});

Deno.test("DirectEngine starts again for a peer that turns out to be ours", () => {
  const bench = Bench.started("reference");
  bench.engine.start("ours", 4_000);
  assert.deepEqual(bench.announced, [{ type: "peer-candidates", candidates: [OWN.text] }]);
  bench.engine.peerCandidates([PEER.text], 4_000);
  assert.deepEqual([bench.probes, bench.punches], [[PEER.text], []]);
});

Deno.test("DirectEngine answers the punch of a reference peer that it has not heard of", () => {
  const bench = Bench.started("reference");
  bench.advance(60_000);
  bench.punches.length = 0;
  assert.equal(bench.receive(PUNCH, PEER), "punch");
  assert.deepEqual(bench.punches, [PEER.text, PEER.text]);
  bench.advance(4_000);
  assert.ok(bench.punches.length > 40);
});

Deno.test("DirectEngine takes no punch from our own peers, from the hub or from nowhere", () => {
  const bench = Bench.started("reference");
  assert.equal(Bench.started("ours").receive(PUNCH, PEER), "unwanted-punch");
  assert.equal(new Bench().receive(PUNCH, PEER), "unwanted-punch");
  for (const source of [HUB, endpoint("224.0.0.1:5000"), endpoint("203.0.113.9:53")]) {
    assert.equal(bench.receive(PUNCH, source), "unwanted-punch", source.text);
  }
  assert.deepEqual(bench.punches, []);
});

Deno.test("DirectEngine tells datagrams apart", () => {
  const bench = Bench.started("reference");
  const frame = Uint8Array.of(0x54, 0, 0, 1, 2, 3, 4, 4);
  assert.equal(bench.receive(frame, PEER), "frame");
  assert.equal(bench.receive(frame.subarray(0, 7), PEER), "bad-frame");
  assert.equal(bench.receive(new Uint8Array(0), PEER), "bad-frame");
  assert.equal(bench.receive(Uint8Array.of(0x55, ...frame), PEER), "bad-frame");
  assert.equal(bench.receive(encodeBindingSuccess(new Uint8Array(12), SEEN), HUB), "unwanted-stun");
  assert.equal(bench.receive(new TextEncoder().encode("TPUNCX"), PEER), "bad-frame");
});

Deno.test("DirectEngine sends a victim that a peer names little, however often it is told", () => {
  for (const peer of ["ours", "reference"] as const) {
    const bench = Bench.started(peer);
    for (let second = 0; second < 600; second++) {
      const victims = Array.from({ length: 16 }, (_, i) => `203.0.113.9:${2000 + i}`);
      if (peer === "ours") bench.engine.peerCandidates(victims, bench.nowMs);
      else bench.engine.peerEndpoint(victims[second % 16]!, bench.nowMs);
      for (let i = 0; i < 10; i++) bench.receive(PUNCH, PEER);
      bench.advance(1_000);
    }
    const sent = bench.probes.length + bench.punches.length;
    // The burst of 200 and 5 a second, for each shot a probe or a punch or both; and the answers.
    const most = peer === "ours" ? 200 + 600 * 5 : 2 * (200 + 600 * 5) + 100 + 600 * 5;
    assert.ok(sent > 100 && sent <= most, `${sent} datagrams to ${peer}`);
  }
});

Deno.test("two DirectEngines that take each other for the reference do not talk for ever", () => {
  const [a, b] = [Bench.started("reference"), Bench.started("reference")];
  a.answerStun();
  b.answerStun(PEER);
  for (let round = 0; round < 100; round++) {
    for (const [from, to] of [[a, b], [b, a]] as const) {
      for (const message of from.announced.slice(from.taken)) {
        from.taken++;
        to.engine.peerEndpoint((message as PeerEndpoint).message, to.nowMs);
      }
    }
    for (const bench of [a, b]) bench.advance(10);
  }
  assert.ok(a.taken <= 3 && b.taken <= 3, `${a.taken} and ${b.taken} messages in 1 s`);
});
