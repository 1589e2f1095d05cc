import assert from "node:assert/strict";
import { TokenTable } from "./token_table.ts";

const viewOf = (bytes: Uint8Array<ArrayBuffer>) => new DataView(bytes.buffer);
const token = (...bytes: number[]) => new Uint8Array(bytes);

Deno.test("TokenTable.get() finds what was entered, at any offset, until it is deleted (wire 31)", () => {
  const table = new TokenTable<string>(() => {});
  const bytes = token(1, 2, 3, 4, 5, 6, 7, 8);
  assert.ok(table.enter(bytes, "a"));
  assert.equal(table.get(viewOf(token(0, 0, 1, 2, 3, 4, 5, 6, 7, 8)), 2), "a");
  assert.equal(table.enter(bytes.slice(), "b"), false, "taken");
  table.delete(bytes);
  assert.equal(table.get(viewOf(bytes), 0), undefined);
  assert.equal(table.size, 0);
  table.delete(bytes);
});

Deno.test("TokenTable tells tokens apart that differ in one bit, wherever it is", () => {
  const table = new TokenTable<string>(() => {});
  const bytes = token(0x80, 0, 0, 0, 0x80, 0, 0, 0);
  table.enter(bytes, "a");
  for (let bit = 0; bit < 64; bit++) {
    const other = bytes.slice();
    other[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(table.get(viewOf(other), 0), undefined, `bit ${bit}`);
    table.delete(other);
  }
  assert.equal(table.get(viewOf(bytes), 0), "a", "deleting another token leaves this one");
});

Deno.test("TokenTable.allocate() draws anew when a token is taken or looks like STUN", () => {
  const draws = [
    token(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42),
    token(0xff, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42),
    token(9, 9, 9, 9, 9, 9, 9, 9),
    token(9, 9, 9, 9, 9, 9, 9, 9),
    token(7, 7, 7, 7, 7, 7, 7, 7),
  ];
  const table = new TokenTable<string>((out) => out.set(draws.shift()!));
  assert.deepEqual(table.allocate("a"), token(9, 9, 9, 9, 9, 9, 9, 9));
  assert.deepEqual(table.allocate("b"), token(7, 7, 7, 7, 7, 7, 7, 7));
  assert.equal(draws.length, 0);
});

Deno.test("TokenTable.allocate() throws when the random source repeats itself", () => {
  const table = new TokenTable<string>((out) => out.fill(1));
  table.allocate("a");
  assert.throws(() => table.allocate("b"), /Cannot make a token: the random source repeats/);
});
