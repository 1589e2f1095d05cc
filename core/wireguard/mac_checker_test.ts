import assert from "node:assert/strict";
import { seededRandom } from "./_pair.ts";
import { generatePrivateKey, publicKey } from "./keys.ts";
import { MacChecker } from "./mac_checker.ts";
import { MacWriter } from "./mac_writer.ts";

const LENGTH = 148;
const HERE = Uint8Array.of(1, 2, 3, 4);
const ELSEWHERE = Uint8Array.of(1, 2, 3, 5);

function setUp() {
  const random = seededRandom(1);
  const own = publicKey(generatePrivateKey(random));
  const writer = new MacWriter(own);
  const checker = new MacChecker(own, random);
  const message = (nowMs: number) => {
    const bytes = new Uint8Array(LENGTH).fill(nowMs % 251);
    writer.write(bytes, { start: 0, end: LENGTH, nowMs });
    return bytes;
  };
  /** Hands the writer a cookie for the message. */
  const giveCookie = (bytes: Uint8Array, nowMs: number) => {
    const reply = new Uint8Array(64);
    checker.writeCookieReply(reply, 0, { bytes, end: LENGTH, sender: 7, source: HERE, nowMs });
    return writer.consumeCookie(reply, 0, nowMs) === "cookie";
  };
  const isProved = (bytes: Uint8Array, nowMs: number, source = HERE) =>
    checker.hasValidMac2(bytes, { start: 0, end: LENGTH, nowMs }, source);
  return { writer, checker, message, giveCookie, isProved };
}

Deno.test("MacChecker takes mac2 made with its cookie from the source it went to, only", () => {
  const { checker, message, giveCookie, isProved } = setUp();
  const first = message(0);
  assert.ok(checker.hasValidMac1(first, 0, LENGTH));
  assert.equal(isProved(first, 0), false);
  assert.ok(giveCookie(first, 0));
  const second = message(1);
  assert.ok(isProved(second, 1));
  assert.equal(isProved(second, 1, ELSEWHERE), false);
  second[20]! ^= 1;
  assert.equal(isProved(second, 1), false);
});

Deno.test("MacChecker draws another secret for cookies after 120 s", () => {
  const { message, giveCookie, isProved } = setUp();
  assert.ok(giveCookie(message(0), 0));
  const proved = message(119_999);
  assert.ok(isProved(proved, 119_999));
  assert.equal(isProved(proved, 120_000), false);
  assert.ok(giveCookie(message(119_999), 119_999), "a cookie of the old secret, as late as can be");
  const stale = message(120_001);
  assert.ok(stale.subarray(132).some((byte) => byte !== 0));
  assert.equal(isProved(stale, 120_001), false);
  assert.ok(giveCookie(stale, 120_001));
  assert.ok(isProved(message(120_002), 120_002));
});

Deno.test("MacWriter forgets a cookie after 120 s", () => {
  const { message, giveCookie } = setUp();
  assert.ok(giveCookie(message(0), 0));
  const hasMac2 = (nowMs: number) => message(nowMs).subarray(132).some((byte) => byte !== 0);
  assert.deepEqual([hasMac2(119_999), hasMac2(120_000)], [true, false]);
});

Deno.test("MacWriter refuses a cookie before it sent anything, or for another message", () => {
  const { writer, message, giveCookie } = setUp();
  assert.equal(writer.consumeCookie(new Uint8Array(64), 0, 0), "unauthentic");
  const first = message(0);
  message(1);
  assert.equal(giveCookie(first, 1), false);
});
