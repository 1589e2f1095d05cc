import assert from "node:assert/strict";
import type { PeerEndpoint } from "../control/mod.ts";
import { encodeBindingSuccess } from "../stun/mod.ts";
import { endpoint, EngineRig, HUB, OWN, SEEN } from "./_engine_rig.ts";

const PEER = endpoint("203.0.113.9:40001");
const OTHER = endpoint("203.0.113.9:40002");
const LAN = endpoint("10.0.0.3:50000");
const PUNCH = new TextEncoder().encode("TPUNCH");

Deno.test("DirectEngine acts on what came before it had a socket or a peer (wire 56)", () => {
  for (const peer of ["ours", "reference"] as const) {
    const rig = new EngineRig();
    if (peer === "ours") rig.engine.peerCandidates([PEER.text], 0);
    else rig.engine.peerEndpoint(PEER.text, 0);
    rig.engine.start(peer, 0);
    assert.deepEqual([rig.probes, rig.punches, rig.announced], [[], [], []]);
    rig.engine.setLocal([OWN], 5_000);
    assert.deepEqual(rig.probes, [PEER.text]);
    assert.deepEqual(rig.punches, peer === "ours" ? [] : [PEER.text]);
  }
});

Deno.test("DirectEngine announces itself, and again when STUN shows more (wire 56)", () => {
  const ours = EngineRig.started("ours");
  assert.deepEqual(ours.announced, [{ type: "peer-candidates", candidates: [OWN.text] }]);
  ours.answerStun();
  assert.deepEqual(ours.announced[1], {
    type: "peer-candidates",
    candidates: [OWN.text, SEEN.text],
  });
  const reference = EngineRig.started("reference");
  assert.deepEqual(reference.announced, [], "there is nothing that it could use");
  reference.answerStun();
  assert.deepEqual(reference.announced, [{ type: "peer-endpoint", message: SEEN.text }]);
});

Deno.test("DirectEngine needs STUN alone where it may not read its addresses", () => {
  const rig = new EngineRig();
  rig.engine.setLocal([endpoint("0.0.0.0:50000")], 0);
  rig.engine.start("ours", 0);
  assert.deepEqual(rig.announced, []);
  rig.answerStun();
  assert.deepEqual(rig.announced, [{ type: "peer-candidates", candidates: [SEEN.text] }]);
  rig.engine.peerCandidates([PEER.text, LAN.text], 0);
  assert.deepEqual(rig.probes, [PEER.text]);
});

Deno.test("DirectEngine repeats its endpoint when a reference peer tells its own, once", () => {
  const rig = EngineRig.started("reference");
  rig.answerStun();
  rig.engine.peerEndpoint(PEER.text, 10);
  assert.equal(rig.announced.length, 2);
  rig.engine.peerEndpoint(PEER.text, 20);
  assert.equal(rig.announced.length, 2);
});

Deno.test("DirectEngine goes direct once a probe is answered, not before", () => {
  const rig = EngineRig.started("ours");
  rig.engine.peerCandidates([PEER.text, LAN.text], 0);
  rig.engine.authenticated(PEER, 1);
  assert.deepEqual(rig.events, []);
  rig.answered(PEER, 40);
  assert.equal(rig.engine.remote?.text, PEER.text);
  rig.answered(endpoint("192.0.2.77:4000"), 1);
  rig.advance(20_000);
  assert.deepEqual(rig.events, [`up ${PEER.text}`]);
  const count = rig.probes.filter((text) => text === PEER.text).length;
  assert.equal(count, 1, "what has answered is not probed again");
});

Deno.test("DirectEngine takes a nearer address once the farther has answered twice", () => {
  for (const secondMs of [40, 1.9]) {
    const rig = EngineRig.started("ours");
    rig.engine.peerCandidates([PEER.text, LAN.text], 0);
    rig.answered(PEER, 40);
    rig.answered(LAN, 2);
    assert.deepEqual(rig.events, [`up ${PEER.text}`]);
    assert.deepEqual(rig.probes, [PEER.text, LAN.text, PEER.text]);
    rig.answered(PEER, secondMs);
    assert.equal(rig.engine.remote?.text, secondMs === 40 ? LAN.text : PEER.text);
    const events = rig.events.length;
    rig.advance(20_000);
    rig.answered(PEER, 1);
    assert.equal(rig.events.length, events);
  }
});

Deno.test("DirectEngine probes where the peer is heard from", () => {
  const rig = EngineRig.started("ours");
  rig.engine.authenticated(OTHER, 0);
  assert.deepEqual(rig.probes, [OTHER.text]);
  rig.answered(OTHER);
  assert.equal(rig.engine.remote?.text, OTHER.text);
  rig.advance(20_000);
  assert.deepEqual(new Set(rig.probes), new Set([OTHER.text]));
});

/** Up at PEER, the attempt over. */
function settled(role: "agent" | "client"): EngineRig {
  const rig = EngineRig.started("ours", { role });
  rig.engine.peerCandidates([PEER.text], 0);
  rig.answered(PEER, 40);
  rig.advance(30_000);
  assert.equal(rig.engine.isTrying, false);
  rig.probes.length = rig.events.length = 0;
  return rig;
}

Deno.test("DirectEngine leaves a path that does not answer for one that does", () => {
  const rig = settled("client");
  rig.engine.authenticated(OTHER, rig.nowMs);
  assert.deepEqual(rig.probes, [PEER.text, OTHER.text]);
  rig.answered(OTHER, 40);
  assert.deepEqual(rig.events, []);
  rig.advance(2_000);
  assert.deepEqual(rig.events, [`up ${OTHER.text}`]);
});

Deno.test("DirectEngine keeps a path that answers; the agent follows the client", () => {
  for (const role of ["agent", "client"] as const) {
    const rig = settled(role);
    rig.engine.authenticated(OTHER, rig.nowMs);
    rig.answered(PEER, 40);
    rig.answered(OTHER, 40);
    rig.advance(10_000);
    assert.deepEqual(rig.events, role === "agent" ? [`up ${OTHER.text}`] : []);
  }
});

Deno.test("DirectEngine asks after its path when the peer announces again", () => {
  const rig = settled("agent");
  rig.engine.peerCandidates([PEER.text], rig.nowMs);
  rig.advance(1_999);
  assert.deepEqual(rig.probes, Array(5).fill(PEER.text));
  rig.advance(1);
  assert.deepEqual(rig.events, ["down: no answer"]);
});

Deno.test("DirectEngine looks at once for a path that it lost, and says so to the peer", () => {
  const losses: [(rig: EngineRig) => void, string][] = [
    [({ engine, nowMs }) => engine.died(nowMs), "silence"],
    [({ engine, nowMs }) => engine.sendFailed(PEER, nowMs), "send error"],
    [({ engine, nowMs }) => engine.setLocal([], nowMs), "our addresses changed"],
  ];
  for (const [lose, reason] of losses) {
    const rig = settled("client");
    rig.announced.length = 0;
    lose(rig);
    assert.deepEqual(rig.events, [`down: ${reason}`]);
    rig.engine.sendFailed(PEER, rig.nowMs);
    rig.engine.died(rig.nowMs);
    if (reason === "our addresses changed") rig.engine.setLocal([LAN], rig.nowMs);
    rig.advance(1);
    assert.equal(rig.announced.length, 1);
    assert.equal(rig.probes[0], PEER.text);
    rig.answered(PEER, 40);
    assert.deepEqual(rig.events, [`down: ${reason}`, `up ${PEER.text}`]);
  }
});

Deno.test("DirectEngine asks STUN again when its addresses change", () => {
  for (const change of ["setLocal", "refresh"] as const) {
    const rig = EngineRig.started("ours");
    rig.answerStun();
    rig.announced.length = 0;
    if (change === "setLocal") rig.engine.setLocal([LAN], 10);
    else rig.engine.refresh(10);
    const own = change === "setLocal" ? LAN : OWN;
    rig.answerStun(OTHER);
    assert.deepEqual(rig.announced, [
      { type: "peer-candidates", candidates: [own.text] },
      { type: "peer-candidates", candidates: [own.text, OTHER.text] },
    ]);
  }
});

Deno.test("DirectEngine does not answer an announcement with one", () => {
  const rig = EngineRig.started("ours");
  for (const delayMs of [100, 5_000, 20_000]) {
    rig.announced.length = 0;
    rig.advance(delayMs);
    rig.announced.length = 0;
    rig.engine.peerCandidates(["224.0.0.1:5000"], rig.nowMs);
    rig.advance(2_000);
    assert.deepEqual(rig.announced, [], `${delayMs} ms later`);
  }
});

Deno.test("DirectEngine rests without a socket, whatever it is told", () => {
  const rig = settled("client");
  rig.engine.setLocal([], rig.nowMs);
  rig.engine.peerCandidates([OTHER.text], rig.nowMs);
  rig.engine.refresh(rig.nowMs);
  rig.announced.length = 0;
  rig.advance(3_600_000);
  assert.deepEqual([rig.probes, rig.announced], [[], []]);
});

Deno.test("DirectEngine punches a reference peer for 5 s even after it heard one (wire 57)", () => {
  const rig = EngineRig.started("reference");
  rig.engine.peerEndpoint(PEER.text, 0);
  assert.equal(rig.receive(PUNCH, PEER), "punch");
  assert.equal(rig.punches.length, 2, "begun at once, and answered");
  assert.equal(rig.engine.remote, undefined);
  rig.advance(10_000);
  assert.equal(rig.punches.length, 52);
});

Deno.test("DirectEngine goes direct to where a reference peer sends from (wire 57)", () => {
  const rig = EngineRig.started("reference");
  rig.engine.peerEndpoint(PEER.text, 0);
  rig.engine.authenticated(OTHER, 10);
  assert.deepEqual(rig.events, [`up ${OTHER.text}`]);
  rig.engine.setLocal([LAN], 20);
  assert.deepEqual(rig.events, [`up ${OTHER.text}`, "down: our addresses changed"]);
  assert.ok(rig.punches.includes(OTHER.text), "it learns our new address by a punch");
});

Deno.test("DirectEngine punches the path to a reference peer again after sleep", () => {
  const rig = EngineRig.started("reference");
  rig.engine.peerEndpoint(PEER.text, 0);
  rig.engine.authenticated(PEER, 10);
  rig.advance(60_000);
  rig.punches.length = rig.probes.length = 0;
  rig.engine.refresh(rig.nowMs);
  rig.advance(10_000);
  assert.equal(rig.punches.length, 51);
  assert.deepEqual(rig.events, [`up ${PEER.text}`]);
});

Deno.test("DirectEngine starts again for a peer that turns out to be ours", () => {
  const rig = EngineRig.started("reference");
  rig.engine.start("ours", 4_000);
  assert.deepEqual(rig.announced, [{ type: "peer-candidates", candidates: [OWN.text] }]);
  rig.engine.peerCandidates([PEER.text], 4_000);
  assert.deepEqual([rig.probes, rig.punches], [[PEER.text], []]);
});

Deno.test("DirectEngine answers the punch of a reference peer that it has not heard of", () => {
  const rig = EngineRig.started("reference");
  rig.advance(60_000);
  rig.punches.length = 0;
  assert.equal(rig.receive(PUNCH, PEER), "punch");
  assert.deepEqual(rig.punches, [PEER.text, PEER.text]);
  rig.advance(4_000);
  assert.ok(rig.punches.length > 40);
});

Deno.test("DirectEngine takes no punch from our own peers, from the hub or from nowhere", () => {
  const rig = EngineRig.started("reference");
  assert.equal(EngineRig.started("ours").receive(PUNCH, PEER), "unwanted-punch");
  assert.equal(new EngineRig().receive(PUNCH, PEER), "unwanted-punch");
  for (const source of [HUB, endpoint("224.0.0.1:5000"), endpoint("203.0.113.9:53")]) {
    assert.equal(rig.receive(PUNCH, source), "unwanted-punch", source.text);
  }
  assert.deepEqual(rig.punches, []);
});

Deno.test("DirectEngine tells datagrams apart", () => {
  const rig = EngineRig.started("reference");
  const frame = Uint8Array.of(0x54, 0, 0, 1, 2, 3, 4, 4);
  assert.equal(rig.receive(frame, PEER), "frame");
  assert.equal(rig.receive(frame.subarray(0, 7), PEER), "bad-frame");
  assert.equal(rig.receive(new Uint8Array(0), PEER), "bad-frame");
  assert.equal(rig.receive(Uint8Array.of(0x55, ...frame), PEER), "bad-frame");
  assert.equal(rig.receive(encodeBindingSuccess(new Uint8Array(12), SEEN), HUB), "unwanted-stun");
  assert.equal(rig.receive(new TextEncoder().encode("TPUNCX"), PEER), "bad-frame");
});

Deno.test("DirectEngine sends a victim that a peer names little, however often it is told", () => {
  for (const peer of ["ours", "reference"] as const) {
    const rig = EngineRig.started(peer);
    for (let second = 0; second < 600; second++) {
      const victims = Array.from({ length: 16 }, (_, i) => `203.0.113.9:${2000 + i}`);
      if (peer === "ours") rig.engine.peerCandidates(victims, rig.nowMs);
      else rig.engine.peerEndpoint(victims[second % 16]!, rig.nowMs);
      for (let i = 0; i < 10; i++) rig.receive(PUNCH, PEER);
      rig.advance(1_000);
    }
    const sent = rig.probes.length + rig.punches.length;
    // The burst of 200 and 5 a second, for each shot a probe or a punch or both; and the answers.
    const most = peer === "ours" ? 200 + 600 * 5 : 2 * (200 + 600 * 5) + 100 + 600 * 5;
    assert.ok(sent > 100 && sent <= most, `${sent} datagrams to ${peer}`);
  }
});

Deno.test("two DirectEngines that take each other for the reference do not talk for ever", () => {
  const [a, b] = [EngineRig.started("reference"), EngineRig.started("reference")];
  a.answerStun();
  b.answerStun(PEER);
  for (let round = 0; round < 100; round++) {
    for (const [from, to] of [[a, b], [b, a]] as const) {
      for (const message of from.announced.slice(from.taken)) {
        from.taken++;
        to.engine.peerEndpoint((message as PeerEndpoint).message, to.nowMs);
      }
    }
    for (const rig of [a, b]) rig.advance(10);
  }
  assert.ok(a.taken <= 3 && b.taken <= 3, `${a.taken} and ${b.taken} messages in 1 s`);
});
