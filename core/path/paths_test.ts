import assert from "node:assert/strict";
import { type Packet, PacketPool } from "../bytes/mod.ts";
import { ManualClock } from "../clock/mod.ts";
import { ipv4Address } from "../ip/mod.ts";
import type { Carrier } from "./carrier.ts";
import { PATH_KINDS, type PathKind } from "./kind.ts";
import { readPathMessage, writePathMessage } from "./path_message.ts";
import { Paths } from "./paths.ts";
import type { PathEvent, Progress } from "./paths_options.ts";

/** Paths of a tunnel whose peer the test plays. */
function setUp() {
  const clock = new ManualClock();
  const pool = new PacketPool({ maxPacketBytes: 16_384 });
  const events: string[] = [];
  const sent: { by: Carrier; bytes: Uint8Array<ArrayBuffer> }[] = [];
  const peer = { limitBytes: 65_535 };
  const progress: Progress = { ackedBytes: 0, waitingBytes: 0, awaitsAck: false };
  const describe = (event: PathEvent) =>
    event.type === "path-changed" ? `${event.from} -> ${event.to}` : `${event.type} ${event.path}`;
  const paths: Paths = new Paths({
    pool,
    clock,
    random: (out) => out.fill(7),
    mtuBytes: 16_384,
    addresses: { local: ipv4Address(0x0a4d0102), peer: ipv4Address(0x0a4d0101) },
    kinds: PATH_KINDS,
    asksFirst: true,
    handler: {
      seal: (packet, by) => {
        paths.sending(by, packet.lenBytes);
        sent.push({ by, bytes: packet.bytes.slice(packet.start, packet.end) });
        pool.give(packet);
      },
      isReady: () => true,
      request: () => events.push("request"),
      changed: (path, { isOther }) => events.push(`mtu ${path?.mtuBytes}${isOther ? " new" : ""}`),
      progress: () => progress,
      silent: (carrier) => events.push(`silent ${carrier.kind}`),
      answered: (seq) => events.push(`answered ${seq}`),
      woke: () => events.push("woke"),
      event: (event) => events.push(describe(event)),
    },
  });
  const carrier = (
    kind: PathKind,
    { remote = "192.0.2.1:9", isLocal = false }: { remote?: string; isLocal?: boolean } = {},
  ): Carrier => ({
    kind,
    remote,
    isLocal,
    congested: false,
    send: (packet: Packet) => {
      events.push(`sent by ${kind}`);
      pool.give(packet);
    },
  });
  /** Plays the peer: answers every question that was sent, by the carrier it names or by `by`. */
  const answer = (count: (question: number) => number, by?: Carrier) => {
    for (const { by: asked, bytes } of sent.splice(0)) {
      const question = readPathMessage(bytes, 0, bytes.length);
      if (question?.type !== "ping") continue;
      const packet = pool.take();
      const { seq } = question;
      const pong = {
        ...question,
        type: "pong",
        count: count(question.count),
        extra: peer.limitBytes,
      } as const;
      writePathMessage(packet, { ...pong, seq, lengthBytes: 16 });
      const carrier = by ?? asked;
      assert.ok(paths.inner(carrier, packet.bytes, packet.start, packet.end));
      paths.received(carrier, 48);
      pool.give(packet);
    }
  };
  const take = () => events.splice(0);
  return { clock, pool, paths, peer, sent, progress, carrier, answer, take };
}

Deno.test("Paths uses a path once it has answered, and the next when it is taken away", () => {
  const { clock, paths, carrier, answer, take } = setUp();
  paths.peerIsOurs();
  const [ws, udp] = [carrier("websocket"), carrier("udp-relay")];
  paths.add(ws, { proven: true });
  assert.deepEqual(take(), ["path-up websocket", "mtu 16384 new", "undefined -> websocket"]);
  paths.add(udp);
  clock.advance(1);
  assert.equal(paths.current, ws);
  answer((count) => count);
  assert.deepEqual(take(), ["path-up udp-relay"]);
  paths.remove(ws);
  // Its relay is in doubt with the hub: nothing is sent by it before it has answered again.
  assert.equal(paths.current, undefined);
  clock.advance(1);
  answer((count) => count);
  assert.equal(paths.current, udp);
  assert.deepEqual(take(), [
    ...["mtu undefined new", "websocket -> undefined"],
    ...["path-up udp-relay", "mtu 1100 new", "undefined -> udp-relay"],
  ]);
  paths.close();
});

Deno.test("Paths tells when a path does not answer, and that it is silent", () => {
  const { clock, paths, carrier, take } = setUp();
  paths.peerIsOurs();
  paths.add(carrier("websocket"), { proven: true });
  take();
  clock.advance(5_000);
  assert.deepEqual(take(), [
    ...["path-down websocket", "silent websocket"],
    ...["mtu undefined new", "websocket -> undefined"],
  ]);
  paths.close();
});

Deno.test("Paths asks every path when data is not acknowledged, heard from just now or not", () => {
  const { clock, paths, progress, carrier, answer } = setUp();
  paths.peerIsOurs();
  const [ws, udp] = [carrier("websocket"), carrier("udp-relay")];
  paths.add(ws, { proven: true });
  paths.add(udp);
  clock.advance(1);
  answer((count) => count);
  clock.advance(3_000);
  paths.received(udp, 48);
  Object.assign(progress, { waitingBytes: 100_000, awaitsAck: true });
  paths.dataSent();
  clock.advance(6_500);
  const states = paths.status(clock.nowMs()).paths.map(({ state }) => state);
  assert.deepEqual(states, ["down", "down"]);
  paths.close();
});

Deno.test("Paths asks once in 4 s of a transfer for loss and the queue, as long as it goes on", () => {
  const { clock, paths, progress, sent, carrier, answer } = setUp();
  paths.peerIsOurs();
  const udp = carrier("udp-relay");
  paths.add(udp, { proven: true });
  // The search for its size is done by then.
  for (let i = 0; i < 5; i++) {
    clock.advance(1);
    answer((count) => count);
  }
  Object.assign(progress, { waitingBytes: 100_000, awaitsAck: true });
  let questions = 0;
  for (let i = 0; i < 48; i++) {
    progress.ackedBytes += 100_000;
    for (let j = 0; j < 9; j++) paths.sending(udp, 1_100);
    paths.dataSent();
    clock.advance(250);
    questions += sent.length;
    // A tenth is lost.
    answer((count) => Math.floor(count * 0.9));
  }
  assert.equal(questions, 3);
  const [path] = paths.status(clock.nowMs()).paths;
  assert.ok(path!.loss! > 0.08 && path!.loss! < 0.12, `${path?.loss}`);
  paths.close();
});

Deno.test("Paths finds the largest packet of a path, which is more on this machine", () => {
  for (const [isLocal, mtuBytes] of [[false, 1_420], [true, 16_384]] as const) {
    const { clock, paths, carrier, answer } = setUp();
    paths.peerIsOurs();
    paths.add(carrier("direct", { isLocal }), { proven: true });
    for (let i = 0; i < 10; i++) {
      clock.advance(1);
      answer((count) => count);
    }
    assert.equal(paths.status(clock.nowMs()).paths[0]?.mtuBytes, mtuBytes);
    paths.close();
  }
});

Deno.test("Paths learns nothing about sizes from a peer that has no such path yet", () => {
  const { clock, paths, carrier, answer } = setUp();
  paths.peerIsOurs();
  paths.add(carrier("direct"), { proven: true });
  clock.advance(1);
  answer(() => 0);
  for (let i = 0; i < 10; i++) {
    clock.advance(250);
    answer((count) => count);
  }
  const [path] = paths.status(clock.nowMs()).paths;
  assert.equal(path?.mtuBytes, 1_420);
  assert.equal(path?.loss, 0);
  paths.close();
});

Deno.test("Paths sends packets of 1,100 bytes to a peer that claims to take less", () => {
  const { clock, paths, peer, carrier, answer } = setUp();
  paths.peerIsOurs();
  peer.limitBytes = 0;
  paths.add(carrier("direct"), { proven: true });
  for (let i = 0; i < 10; i++) {
    clock.advance(250);
    answer((count) => count);
  }
  assert.equal(paths.status(clock.nowMs()).paths[0]?.mtuBytes, 1_100);
  paths.close();
});

Deno.test("Paths counts what comes directly from any address of the peer", () => {
  const { clock, paths, carrier, answer } = setUp();
  paths.peerIsOurs();
  const direct = carrier("direct", { remote: "192.0.2.1:9" });
  const elsewhere = carrier("direct", { remote: "[2001:db8::1]:9" });
  paths.add(direct, { proven: true });
  clock.advance(1);
  answer((count) => count, elsewhere);
  const [path] = paths.status(clock.nowMs()).paths;
  assert.equal(path?.state, "up");
  assert.equal(path?.rttMs, 1);
  assert.equal(path?.receivedBytes, 48);
  paths.close();
});

Deno.test("Paths sends a refused message another way, and drops it without one", () => {
  const { clock, pool, paths, carrier, answer, take } = setUp();
  paths.peerIsOurs();
  const [ws, udp] = [carrier("websocket"), carrier("udp-relay")];
  paths.add(ws, { proven: true });
  paths.add(udp);
  clock.advance(1);
  answer((count) => count);
  paths.use("udp-relay");
  take();
  paths.refused(udp, pool.take());
  assert.deepEqual(take(), [
    ...["path-down udp-relay", "mtu 16384 new", "udp-relay -> websocket"],
    "sent by websocket",
  ]);
  paths.remove(ws);
  take();
  paths.refused(udp, pool.take());
  assert.deepEqual(take(), []);
  paths.close();
});

Deno.test("Paths.inner() leaves to the stack what is not about paths, and drops what is malformed", () => {
  const { paths, carrier } = setUp();
  const ws = carrier("websocket");
  const packet = new Uint8Array(60);
  packet[0] = 0x45;
  assert.equal(paths.inner(ws, packet, 0, 60), false);
  packet[0] = 0xf1;
  assert.equal(paths.inner(ws, packet, 0, 60), true);
  assert.equal(paths.inner(ws, packet, 0, 5), true);
  paths.close();
});

Deno.test("Paths asks a reference peer by requests on the WebSocket, and waits while none was answered", () => {
  const { clock, paths, carrier, take } = setUp();
  const ws = carrier("websocket");
  paths.add(ws, { proven: true });
  take();
  clock.advance(20_000);
  assert.ok(take().every((event) => event === "request"));
  paths.requestAnswered(ws);
  clock.advance(9_899);
  assert.ok(take().every((event) => event === "request"));
  clock.advance(1);
  assert.deepEqual(take().slice(0, 2), ["path-down websocket", "silent websocket"]);
  paths.close();
});
