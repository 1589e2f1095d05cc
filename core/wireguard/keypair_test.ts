import assert from "node:assert/strict";
import { isCounterSpent, Keypair } from "./keypair.ts";
import { Keypairs } from "./keypairs.ts";

function keypair(localIndex: number, isInitiator = true): Keypair {
  const keys = { send: new Uint8Array(32).fill(1), receive: new Uint8Array(32).fill(2) };
  return new Keypair(keys, { localIndex, remoteIndex: 9, isInitiator, nowMs: 0 });
}

Deno.test("Keypair wipes the keys it was given and, when wiped, its own copies", () => {
  const keys = { send: new Uint8Array(32).fill(1), receive: new Uint8Array(32).fill(2) };
  const pair = new Keypair(keys, { localIndex: 1, remoteIndex: 2, isInitiator: true, nowMs: 0 });
  assert.ok([...keys.send, ...keys.receive].every((byte) => byte === 0));
  const seal = () => {
    const bytes = new Uint8Array(16);
    pair.sendCipher.seal(0, 0, bytes, 0, 0);
    return bytes;
  };
  const before = seal();
  pair.wipe();
  assert.notDeepEqual(seal(), before);
});

Deno.test("Keypair counts in 64 bits", () => {
  const pair = keypair(1);
  pair.sendLow = 0xffff_ffff;
  pair.advanceCounter();
  assert.deepEqual([pair.sendHigh, pair.sendLow], [1, 0]);
  pair.advanceCounter();
  assert.deepEqual([pair.sendHigh, pair.sendLow], [1, 1]);
});

Deno.test("Keypair wants a rekey after 2^60 messages, in either role", () => {
  for (const isInitiator of [true, false]) {
    const pair = keypair(1, isInitiator);
    [pair.sendHigh, pair.sendLow] = [0x0fff_ffff, 0xffff_ffff];
    assert.equal(pair.wantsRekeyAfterSend(0), false);
    pair.advanceCounter();
    assert.equal(pair.wantsRekeyAfterSend(0), true);
  }
});

Deno.test("Keypair sends no message from 2^64 - 2^13 - 1 on", () => {
  const pair = keypair(1);
  [pair.sendHigh, pair.sendLow] = [0xffff_ffff, 0xffff_dffe];
  assert.ok(pair.canSend(0));
  pair.advanceCounter();
  assert.equal(BigInt(pair.sendHigh) << 32n | BigInt(pair.sendLow), 2n ** 64n - 2n ** 13n - 1n);
  assert.equal(pair.canSend(0), false);
  assert.equal(isCounterSpent(0xffff_ffff, 0xffff_ffff), true);
  assert.equal(isCounterSpent(0xffff_fffe, 0xffff_ffff), false);
});

/** Which of the given keypairs are still found. */
function alive(pairs: Keypairs, all: Keypair[]): number[] {
  return all.filter((pair) => pairs.find(pair.localIndex) === pair).map((pair) => pair.localIndex);
}

Deno.test("Keypairs keeps previous and current of own handshakes", () => {
  const pairs = new Keypairs();
  const all = [1, 2, 3].map((index) => keypair(index));
  for (const pair of all) pairs.installAsInitiator(pair, { prefersNext: false });
  assert.deepEqual(alive(pairs, all), [2, 3]);
  assert.equal(pairs.current, all[2]);
});

Deno.test("Keypairs does not seal with an answered session before it is confirmed", () => {
  const pairs = new Keypairs();
  const all = [1, 2, 3].map((index) => keypair(index, index === 1));
  pairs.installAsInitiator(all[0]!, { prefersNext: false });
  pairs.installAsResponder(all[1]!);
  assert.equal(pairs.current, all[0]);
  pairs.installAsResponder(all[2]!);
  assert.deepEqual(alive(pairs, all), [1, 3]);
  assert.equal(pairs.confirm(all[0]!), false);
  assert.equal(pairs.confirm(all[2]!), true);
  assert.equal(pairs.current, all[2]);
  assert.deepEqual(alive(pairs, all), [1, 3]);
  assert.equal(pairs.confirm(all[2]!), false);
});

Deno.test("Keypairs holds both sessions of crossed initiations, and settles by preference", () => {
  for (const prefersNext of [false, true]) {
    const pairs = new Keypairs();
    const [answered, own] = [keypair(1, false), keypair(2)];
    pairs.installAsResponder(answered);
    pairs.installAsInitiator(own, { prefersNext });
    assert.deepEqual(alive(pairs, [answered, own]), [1, 2]);
    assert.equal(pairs.current, own);
    pairs.confirm(answered);
    assert.equal(pairs.current, prefersNext ? answered : own);
    pairs.clear();
    assert.deepEqual(alive(pairs, [answered, own]), []);
  }
});
