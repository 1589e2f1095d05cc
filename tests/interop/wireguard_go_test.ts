import assert from "node:assert/strict";
import { echoReply, echoRequest, parseEchoReply } from "./icmp.ts";
import { waitUntil, whyNoNetns } from "./netns.ts";
import { GO_INNER, OUR_INNER, type OurEnd, WireGuardRig } from "./wireguard_rig.ts";

const missing = await whyNoNetns({ programs: ["wireguard-go", "wg", "ping"], tun: true });
const why = missing === undefined ? "" : ` (skipped: ${missing})`;

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `WireGuard and wireguard-go ${name}${why}`, ignore: why !== "", fn });
}

let sequence = 0;

/** Has the kernel behind wireguard-go echo a payload and checks what comes back. */
async function echo(ours: OurEnd, lengthBytes: number): Promise<void> {
  const payload = Uint8Array.from({ length: lengthBytes }, (_, i) => i * 7 + lengthBytes);
  const wanted = ++sequence;
  ours.send(echoRequest({ from: OUR_INNER, to: GO_INNER, sequence: wanted, payload }));
  await waitUntil(
    `echo of ${lengthBytes} bytes`,
    () => ours.delivered.some((packet) => parseEchoReply(packet)?.sequence === wanted),
  );
  const reply = ours.delivered.map(parseEchoReply).find((found) => found?.sequence === wanted);
  assert.deepEqual(reply!.payload, payload);
  ours.delivered.length = 0;
}

function answerPings(ours: OurEnd): void {
  ours.onPacket = (packet) => {
    const reply = echoReply(packet);
    if (reply) ours.send(reply);
  };
}

const psk = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
const variants = [["without a preshared key", undefined], ["with a preshared key", psk]] as const;

for (const [name, key] of variants) {
  test(`agree when we initiate ${name}, and again when we rekey`, async () => {
    await using rig = await WireGuardRig.create({ ourPresharedKey: key, theirPresharedKey: key });
    const { ours } = rig;
    for (const lengthBytes of [0, 1, 3, 4, 5, 20, 100, 1000, 1392]) await echo(ours, lengthBytes);
    assert.equal(ours.wireguard.stats.sessions, 1);
    assert.equal(ours.wireguard.stats.sent.initiation, 1);
    const before = await rig.transfer();

    ours.putForward(120_000);
    await echo(ours, 64);
    await waitUntil("the second session", () => ours.wireguard.stats.sessions === 2);
    for (let i = 0; i < 50; i++) await echo(ours, 500);
    assert.equal(ours.wireguard.stats.sent.initiation, 2);
    const after = await rig.transfer();
    assert.ok(after.received - before.received >= 50 * 500);
    assert.ok(after.sent - before.sent >= 50 * 500);
  });

  test(`agree when wireguard-go initiates ${name}, and again when it starts anew`, async () => {
    await using rig = await WireGuardRig.create({ ourPresharedKey: key, theirPresharedKey: key });
    const { ours } = rig;
    answerPings(ours);
    assert.ok(await rig.ping());
    assert.ok(await rig.ping({ count: 20, sizeBytes: 1300 }));
    const { stats } = ours.wireguard;
    assert.deepEqual([stats.sent.initiation, stats.sent.response, stats.sessions], [0, 1, 1]);
    assert.ok(await rig.latestHandshake() > 0);

    await rig.forgetSessions();
    assert.ok(await rig.ping({ count: 5 }));
    assert.deepEqual([stats.sent.initiation, stats.sent.response, stats.sessions], [0, 2, 2]);
    await echo(ours, 700);
  });
}

test("do not agree when the preshared keys differ", async () => {
  await using rig = await WireGuardRig.create({ ourPresharedKey: psk });
  const { ours } = rig;
  ours.wireguard.initiate(ours.nowMs());
  await waitUntil("a response", () => ours.results.length > 0);
  assert.equal(ours.results[0], "unauthentic");
  assert.equal(ours.wireguard.stats.sessions, 0);
});

test("agree when both initiate at once", async () => {
  await using rig = await WireGuardRig.create();
  const { ours } = rig;
  answerPings(ours);
  const pinged = rig.ping();
  ours.wireguard.initiate(ours.nowMs());
  assert.ok(await pinged);
  await echo(ours, 300);
});

test("agree when wireguard-go is under load and wants a cookie", async () => {
  await using rig = await WireGuardRig.create();
  const { ours } = rig;
  await echo(ours, 8);
  const initiation = ours.sent[0]!;
  // Replays carry a valid mac1, so each takes a place in wireguard-go's handshake queue; 128 there
  // are load, which lasts a second. Paused meanwhile, it finds them all at once, and our initiation
  // among them: more would not fit into its socket, which would drop the initiation.
  const flood = () => {
    for (let i = 0; i < 120; i++) ours.sendRaw(initiation);
  };
  const { received, sent } = ours.wireguard.stats;
  const wantsCookie = async () => {
    rig.go.pause();
    flood();
    ours.putForward(120_000);
    // Gives up an initiation that was lost in the last attempt, so that the next can begin.
    ours.wireguard.tick(ours.nowMs());
    ours.wireguard.initiate(ours.nowMs());
    flood();
    await ours.allSent();
    const { cookie, handshake } = received;
    const { initiation: initiations } = sent;
    rig.go.resume();
    await waitUntil("an answer to our initiation, or its repetition", () => {
      return received.cookie > cookie || received.handshake > handshake ||
        sent.initiation > initiations;
    });
    return received.cookie > cookie;
  };
  // A busy machine may let wireguard-go's workers empty the queue as fast as it is filled; the next
  // attempt is as good as the first.
  await waitUntil("a cookie reply to an initiation of ours", wantsCookie, 60_000);
  ours.putForward(6_000);
  await waitUntil(
    "an initiation with mac2",
    () =>
      ours.sent.findLast((message) => message[0] === 1)!.subarray(132).some((byte) => byte !== 0),
  );
  await waitUntil("the session", () => ours.wireguard.stats.sessions >= 2);
  await echo(ours, 8);
});

test("agree when wireguard-go is under load and wants a cookie for our response", async () => {
  await using rig = await WireGuardRig.create();
  const { ours } = rig;
  const { received, sent } = ours.wireguard.stats;
  answerPings(ours);
  const stranger = await rig.strangersInitiation();
  const flood = () => {
    for (let i = 0; i < 120; i++) ours.sendRaw(stranger);
  };
  // Our response goes into the midst of what a paused wireguard-go finds all at once.
  ours.beforeReceive = (message) => {
    if (message[0] !== 1) return;
    rig.go.pause();
    flood();
    queueMicrotask(() => {
      flood();
      ours.allSent().then(() => rig.go.resume());
    });
  };
  // As above, one attempt may find wireguard-go as fast as the flood.
  await waitUntil("a cookie reply to a response of ours", async () => {
    await rig.forgetSessions();
    assert.ok(await rig.ping());
    return received.cookie > 0;
  }, 60_000);
  assert.ok(sent.response >= 2, "the first was refused");
  const last = ours.sent.findLast((message) => message[0] === 2)!;
  assert.ok(last.subarray(76).some((byte) => byte !== 0), "mac2 is there");
  await echo(ours, 8);
});

test("agree when we are under load and want a cookie", async () => {
  await using rig = await WireGuardRig.create();
  const { ours } = rig;
  const { stats } = ours.wireguard;
  answerPings(ours);
  let first: Uint8Array | undefined;
  ours.beforeReceive = (message) => void (first ??= message.slice());
  assert.ok(await rig.ping());

  await rig.forgetSessions();
  // Replays of a used initiation are refused, but with their valid mac1 they count as load.
  ours.beforeReceive = (message) => {
    if (message[0] !== 1) return;
    for (let i = 0; i < 50; i++) ours.receive(first!.slice(), "192.0.2.1:9");
  };
  ours.results.length = 0;
  assert.ok(await rig.ping());
  assert.deepEqual(ours.results.slice(0, 2), ["cookie-required", "handshake"]);
  assert.equal(stats.sessions, 2);
});
