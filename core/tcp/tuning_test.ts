/** Buffers that grow, memory that does not, paths that change. */
import assert from "node:assert/strict";
import { Rig } from "./_rig.ts";
import { PAGE_BYTES, PagePool } from "./paged_buffer.ts";
import { INITIAL_BUFFER_BYTES, SendBuffer } from "./send_buffer.ts";
import { Receiver } from "./rcv.ts";
import { tcpOptions } from "./config.ts";
import { ACK, Segment } from "./segment.ts";
import { seqAdd, toSeq } from "./seq.ts";

/** A receiver that has seen a SYN, and what brings it data. */
function receiver(pages: PagePool, { rttMs = 50 }: { rttMs?: number } = {}) {
  const rcv = new Receiver({ pages, options: tcpOptions({ receiveBufferBytes: 4 << 20 }) });
  rcv.synchronise(toSeq(0), true);
  const segment = new Segment();
  segment.flags = ACK;
  segment.bytes = new Uint8Array(16000);
  segment.payloadStart = 0;
  const arrive = (length: number, nowMs: number, aheadBytes = 0) => {
    segment.seq = seqAdd(rcv.rcvNxt, aheadBytes);
    segment.payloadEnd = length;
    rcv.tune(rttMs, nowMs);
    rcv.take(segment, nowMs);
  };
  const windowBytes = () => rcv.window() << rcv.windowShift;
  return { rcv, arrive, windowBytes };
}

const into = new Uint8Array(1 << 20);

Deno.test("the window grows with what the application reads in a round trip, up to its bound", () => {
  const { rcv, arrive, windowBytes } = receiver(new PagePool());
  assert.ok(windowBytes() <= INITIAL_BUFFER_BYTES);
  for (let ms = 0; ms < 500; ms++) {
    arrive(3000, ms);
    rcv.read(into);
  }
  // 150,000 bytes in 50 ms; three times that.
  assert.ok(Math.abs(windowBytes() - 450_000) < 20_000, `${windowBytes()}`);
  for (let ms = 500; ms < 1500; ms++) {
    for (let i = 0; i < 10; i++) arrive(16_000, ms);
    rcv.read(into);
    rcv.window();
  }
  assert.ok(windowBytes() > (4 << 20) - 20_000 && windowBytes() <= 4 << 20, `${windowBytes()}`);
});

Deno.test("the window of a reader that stops, or of a slow stream, does not grow", () => {
  const { rcv, arrive, windowBytes } = receiver(new PagePool());
  for (let ms = 0; ms < 10_000; ms += 10) {
    arrive(1000, ms);
    if (ms < 5000) rcv.read(into);
  }
  assert.ok(windowBytes() <= INITIAL_BUFFER_BYTES);
});

Deno.test("the window does not grow for what is taken at once on a short path", () => {
  const { rcv, arrive, windowBytes } = receiver(new PagePool(), { rttMs: 1 });
  for (let ms = 0; ms < 200; ms++) {
    // 250 KB within a millisecond, then nothing for 49.
    for (let i = 0; i < (ms % 50 === 0 ? 15 : 1); i++) arrive(ms % 50 === 0 ? 16_000 : 1, ms);
    rcv.read(into);
    rcv.window();
  }
  assert.ok(windowBytes() <= INITIAL_BUFFER_BYTES, `${windowBytes()}`);
});

Deno.test("the window follows the least round-trip time, not the queue that it fills itself", () => {
  const rig = Rig.established({ peerShift: 7 });
  // The handshake took no time, data takes half a second.
  for (let i = 0; i < 3; i++) {
    rig.write(1000);
    rig.nowMs += 500;
    rig.send(`A 1 ${1001 + 1000 * i}`);
  }
  rig.taken();
  for (let i = 0; i < 1000; i++) {
    rig.nowMs++;
    rig.send(`A ${1 + 3000 * i}+3000 3001`);
    rig.read(3000);
  }
  assert.ok(rig.lastWindow << 7 <= INITIAL_BUFFER_BYTES, `${rig.lastWindow << 7}`);
});

Deno.test("windows shrink with the memory of the stack that is left", () => {
  const pages = new PagePool(512 * PAGE_BYTES);
  const { rcv, arrive, windowBytes } = receiver(pages);
  const grow = (fromMs: number) => {
    for (let ms = fromMs; ms < fromMs + 1000; ms++) {
      for (let i = 0; i < 5; i++) arrive(16_000, ms);
      rcv.read(into);
      rcv.window();
    }
  };
  grow(0);
  const whole = windowBytes();
  assert.ok(whole > 125 * PAGE_BYTES && whole <= 128 * PAGE_BYTES, `half of a half: ${whole}`);
  for (let i = 0; i < 128; i++) pages.take();
  grow(1000);
  assert.ok(windowBytes() <= 64 * PAGE_BYTES, `half of what is left of it: ${windowBytes()}`);
  for (let i = 0; i < 256; i++) pages.take();
  grow(2000);
  assert.ok(windowBytes() <= 8 * PAGE_BYTES, `a 16th of all that is left: ${windowBytes()}`);
});

Deno.test("when the memory of the stack is lent, each connection makes do with a page and goes on", () => {
  const pages = new PagePool(4 * PAGE_BYTES);
  for (let i = 0; i < 4; i++) pages.take();
  const { rcv, arrive, windowBytes } = receiver(pages);
  arrive(8000, 0, 8000);
  assert.equal(rcv.buffer.ranges.count, 0, "nothing out of order");
  for (let i = 0; i < 10; i++) arrive(8000, 1);
  assert.ok(rcv.buffer.readableBytes <= 2 * PAGE_BYTES && rcv.acksOwed > 0);
  const before = rcv.rcvNxt;
  rcv.read(into);
  rcv.window();
  arrive(8000, 2);
  assert.equal(rcv.rcvNxt, seqAdd(before, 8000));
  rcv.read(into);
  assert.equal(windowBytes(), PAGE_BYTES);
});

Deno.test("a window that had to be closed upon data does not make its sender's acknowledgements unacceptable", () => {
  const pages = new PagePool(256 * PAGE_BYTES);
  const rig = Rig.established({ pages });
  rig.write(100);
  rig.expect("A 1+100 1");
  while (!pages.full) pages.take();
  for (let i = 0; i < 17; i++) rig.send(`A ${1 + 1000 * i}+1000 1`);
  rig.taken();
  // There is no memory for this, and its sender goes on behind it.
  rig.send("A 17001+100 1");
  rig.expect("A 101 17001");
  assert.equal(rig.lastWindow, 0);
  rig.send("A 17101 101");
  assert.equal(rig.connection.unacknowledgedBytes, 0);
  rig.silence();
});

Deno.test("a window that shrank to a segment opens again whole, however the reader takes what it held", () => {
  const pages = new PagePool(4 * PAGE_BYTES);
  for (let i = 0; i < 4; i++) pages.take();
  const { rcv, arrive, windowBytes } = receiver(pages);
  for (const pieceBytes of [1, 3000, 8192, 8193, 15_000]) {
    arrive(16_000, 0);
    let announced = windowBytes();
    while (rcv.buffer.readableBytes > 0) {
      rcv.read(into.subarray(0, pieceBytes));
      if (rcv.windowUpdateDue) announced = windowBytes();
    }
    assert.equal(announced, PAGE_BYTES, `in pieces of ${pieceBytes}`);
  }
});

Deno.test("SendBuffer begins small, follows what is wanted, and makes do with a page without memory", () => {
  const pages = new PagePool(1024 * PAGE_BYTES);
  const buffer = new SendBuffer(pages, 1 << 20);
  assert.equal(buffer.freeBytes, INITIAL_BUFFER_BYTES);
  buffer.tune(500_000.7);
  assert.equal(buffer.freeBytes, 500_000);
  buffer.tune(9e9);
  assert.equal(buffer.freeBytes, 1 << 20);
  buffer.tune(10);
  assert.equal(buffer.freeBytes, INITIAL_BUFFER_BYTES);
  for (let i = 0; i < 896; i++) pages.take();
  assert.equal(buffer.freeBytes, 8 * PAGE_BYTES, "a 16th of what is left");
  for (let i = 0; i < 128; i++) pages.take();
  assert.equal(buffer.freeBytes, PAGE_BYTES, "all is lent");
  buffer.write(new Uint8Array(10_000), 0);
  assert.equal(buffer.freeBytes, PAGE_BYTES - 10_000);
});

Deno.test("before the first round trip the send buffer takes no more than it begins with, whoever opened", () => {
  const passive = Rig.established({ peerShift: 8 });
  const active = new Rig({ peerShift: 8 });
  active.open();
  active.send("SA 0 1");
  for (const { connection } of [passive, active]) {
    assert.equal(connection.write(new Uint8Array(8 << 20), 0), INITIAL_BUFFER_BYTES);
  }
});

Deno.test("the send buffer grows with the congestion window", () => {
  const rig = new Rig({ peerShift: 8 });
  rig.accept();
  rig.taken();
  rig.nowMs = 100;
  rig.send("A 1 1");
  let written = 0;
  for (let round = 0; round < 12; round++) {
    written += rig.connection.write(new Uint8Array(8 << 20), 0);
    rig.flush();
    for (let sent = rig.taken(); sent.length > 0; sent = rig.taken()) {
      const [, seq, length] = /(\d+)\+(\d+)/.exec(sent.at(-1)!)!;
      rig.nowMs += 100;
      rig.send(`A 1 ${Number(seq) + Number(length)}`);
    }
  }
  assert.ok(written > 12 * INITIAL_BUFFER_BYTES, `${written}`);
});

Deno.test("pathChanged() sends at once what a backed-off timeout holds back, and forgets the backing-off", () => {
  const rig = Rig.established();
  rig.write(3000);
  rig.taken();
  rig.to(30_000);
  rig.taken();
  const nextMs = rig.connection.nextDeadlineMs();
  assert.ok(nextMs > 40_000, `${nextMs}`);
  rig.connection.pathChanged(rig.nowMs);
  rig.flush();
  rig.expect("A 1+1000 1");
  assert.ok(rig.connection.nextDeadlineMs() < 31_000);
});

Deno.test("pathChanged() probes what may have been lost on the old path and keeps the window", () => {
  const rig = new Rig({ sack: true });
  rig.accept();
  rig.nowMs = 100;
  rig.send("A 1 1");
  rig.taken();
  rig.write(3000);
  assert.equal(rig.taken().length, 3);
  rig.to(150);
  rig.connection.pathChanged(rig.nowMs);
  rig.flush();
  rig.expect("A 2001+1000 1");
  rig.silence();
  rig.send("A 1 3001");
  rig.write(20_000);
  assert.ok(rig.taken().length >= 10);
});

Deno.test("pathChanged() asks for a closed window at once, and repeats a SYN", () => {
  const rig = Rig.established({ window: 0 });
  rig.write(500);
  rig.to(10_000);
  rig.taken();
  rig.connection.pathChanged(rig.nowMs);
  rig.flush();
  rig.expect("A 1+1 1");
  const opening = new Rig();
  opening.open();
  opening.to(4000);
  opening.taken();
  opening.connection.pathChanged(opening.nowMs);
  opening.flush();
  opening.expect("S 0");
});

Deno.test("pathChanged() says nothing where nothing is in flight", () => {
  const rig = Rig.established({ sack: true });
  rig.connection.pathChanged(10);
  rig.flush();
  rig.silence();
  assert.equal(rig.connection.nextDeadlineMs(), Infinity);
});

Deno.test("a larger MTU may be announced than is used; setMtu() takes the peer's MSS up at once", () => {
  const rig = new Rig({ mtuBytes: 1040, maxMtuBytes: 9040, peerMss: 9000 });
  rig.accept();
  assert.equal(rig.lastSyn?.mss, 9000);
  rig.taken();
  rig.send("A 1 1");
  rig.write(1000);
  rig.expect("A 1+1000 1");
  rig.connection.setMtu(5040);
  rig.write(5000);
  rig.expect("A 1001+5000 1");
});
