import assert from "node:assert/strict";
import { AckLimiter } from "./ack_limiter.ts";
import { DEFAULT_TCP_OPTIONS, tcpOptions } from "./config.ts";
import { IsnGenerator } from "./isn.ts";
import { NewReno } from "./new_reno.ts";
import { RttEstimator } from "./rto.ts";
import { seqDiff } from "./seq.ts";

Deno.test("RttEstimator follows RFC 6298 within its bounds", () => {
  const rtt = new RttEstimator();
  assert.equal(rtt.rtoMs, 1000);
  rtt.sample(400);
  assert.deepEqual([rtt.srttMs, rtt.rttvarMs, rtt.rtoMs], [400, 200, 1200]);
  rtt.sample(600);
  assert.deepEqual([rtt.srttMs, rtt.rttvarMs, rtt.rtoMs], [425, 200, 1225]);
  rtt.backOff();
  assert.equal(rtt.rtoMs, 2450);
  for (let i = 0; i < 20; i++) rtt.backOff();
  assert.equal(rtt.rtoMs, 60_000);
  for (let i = 0; i < 100; i++) rtt.sample(1);
  assert.equal(rtt.rtoMs, 200);
});

Deno.test("RttEstimator drops its backing-off as far as an acknowledgement of repeated data allows", () => {
  const rtt = new RttEstimator();
  rtt.sample(10);
  for (let i = 0; i < 6; i++) rtt.backOff();
  assert.equal(rtt.rtoMs, 12_800);
  rtt.progress(5000);
  assert.equal(rtt.rtoMs, 800);
  rtt.progress(300);
  assert.equal(rtt.rtoMs, 300);
  rtt.progress(50);
  assert.equal(rtt.rtoMs, 200);
  rtt.progress(90_000);
  assert.equal(rtt.rtoMs, 200);
});

Deno.test("RttEstimator starts data with 3 s after a lost SYN without a measurement", () => {
  const rtt = new RttEstimator();
  rtt.afterLostSyn();
  assert.equal(rtt.rtoMs, 3000);
});

Deno.test("NewReno grows by what was acknowledged, then by a segment for each window", () => {
  const reno = new NewReno();
  reno.begin(1000, false);
  assert.equal(reno.cwndBytes, 10_000);
  reno.acked(10_000);
  assert.equal(reno.cwndBytes, 20_000);
  reno.lossDetected(20_000);
  assert.deepEqual([reno.cwndBytes, reno.ssthreshBytes], [10_000, 10_000]);
  reno.acked(9_999);
  assert.equal(reno.cwndBytes, 10_000);
  reno.acked(1);
  assert.equal(reno.cwndBytes, 11_000);
  reno.timedOut(11_000, true);
  assert.deepEqual([reno.cwndBytes, reno.ssthreshBytes], [1000, 5500]);
  reno.timedOut(1000, false);
  assert.equal(reno.ssthreshBytes, 5500);
});

Deno.test("NewReno never falls below two segments of threshold", () => {
  const reno = new NewReno();
  reno.begin(1000, true);
  assert.equal(reno.cwndBytes, 1000);
  reno.lossDetected(1000);
  assert.equal(reno.cwndBytes, 2000);
});

Deno.test("AckLimiter allows ten in each five seconds", () => {
  const limiter = new AckLimiter();
  const allowed = (nowMs: number) =>
    Array.from({ length: 30 }, () => limiter.allow(nowMs)).filter(Boolean).length;
  assert.deepEqual([allowed(0), allowed(4999), allowed(5000)], [10, 0, 10]);
});

Deno.test("IsnGenerator grows by 250 a millisecond between the same ports and differs otherwise", () => {
  const isn = new IsnGenerator((out) => out.fill(7));
  const ports = { localPort: 3, remotePort: 4 };
  assert.equal(seqDiff(isn.next(ports, 1000), isn.next(ports, 0)), 250_000);
  assert.notEqual(isn.next({ ...ports, localPort: 5 }, 0), isn.next(ports, 0));
  assert.notEqual(isn.next({ localPort: 4, remotePort: 3 }, 0), isn.next(ports, 0));
  const other = new IsnGenerator((out) => out.fill(8));
  assert.notEqual(other.next(ports, 0), isn.next(ports, 0));
});

Deno.test("tcpOptions() fills in defaults and refuses values out of range", () => {
  assert.deepEqual(tcpOptions(), DEFAULT_TCP_OPTIONS);
  assert.equal(tcpOptions({ timeWaitMs: 5 }).timeWaitMs, 5);
  for (const bad of [{ sendBufferBytes: 10 }, { receiveBufferBytes: 2 ** 31 }, { timeWaitMs: 0 }]) {
    assert.throws(() => tcpOptions(bad), RangeError);
  }
});
