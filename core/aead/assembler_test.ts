import assert from "node:assert/strict";
import {
  encodeModule,
  type Expression,
  FunctionBuilder,
  i32,
  i64,
  repeatWhile,
  sequence,
  signedLeb128,
  type Statement,
  unsignedLeb128,
  v128,
  when,
} from "./assembler.ts";

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly run: (n: number) => number;
}

/** Assembles a function `run(n)` from what `define` returns: a body and the result. */
function assemble(
  define: (f: FunctionBuilder) => { body: Statement; result: Expression<"i32"> },
): Exports {
  const f = new FunctionBuilder();
  const { body, result } = define(f);
  const module = new WebAssembly.Module(encodeModule([f.build("run", body, result)], 1));
  return new WebAssembly.Instance(module).exports as unknown as Exports;
}

const UNSIGNED: [number, number[]][] = [
  [0, [0]],
  [127, [0x7f]],
  [128, [0x80, 1]],
  [624_485, [0xe5, 0x8e, 0x26]],
  [0xffff_ffff, [0xff, 0xff, 0xff, 0xff, 0x0f]],
];
for (const [value, bytes] of UNSIGNED) {
  Deno.test(`unsignedLeb128() encodes ${value}`, () => {
    assert.deepEqual(unsignedLeb128(value), bytes);
  });
}

const SIGNED: [bigint, number[]][] = [
  [0n, [0]],
  [63n, [0x3f]],
  [64n, [0xc0, 0]],
  [-1n, [0x7f]],
  [-64n, [0x40]],
  [-65n, [0xbf, 0x7f]],
  [-123_456n, [0xc0, 0xbb, 0x78]],
  [0xffff_ffffn, [0xff, 0xff, 0xff, 0xff, 0x0f]],
];
for (const [value, bytes] of SIGNED) {
  Deno.test(`signedLeb128() encodes ${value}`, () => {
    assert.deepEqual(signedLeb128(value), bytes);
  });
}

Deno.test("repeatWhile() checks before it runs, and runs until the condition is 0", () => {
  const { run } = assemble((f) => {
    const n = f.parameter("i32");
    const total = f.local("i32");
    const body = repeatWhile(
      n.get(),
      sequence(
        total.set(i32.add(total.get(), n.get())),
        n.set(i32.add(n.get(), i32.const(-1))),
      ),
    );
    return { body, result: total.get() };
  });
  assert.equal(run(0), 0);
  assert.equal(run(1), 1);
  assert.equal(run(100), 5050);
});

Deno.test("when() runs its body if, unsigned, one number is less than another", () => {
  const { run } = assemble((f) => {
    const n = f.parameter("i32");
    const seen = f.local("i32");
    return {
      body: when(i32.ltU(n.get(), i32.const(0x7fff_ffff)), seen.set(i32.const(7))),
      result: seen.get(),
    };
  });
  assert.equal(run(1), 7);
  assert.equal(run(-1), 0);
});

Deno.test("v128.pick() and v128.swizzleBytes() choose words and bytes by number", () => {
  const { run, memory } = assemble((f) => {
    f.parameter("i32");
    const at = i32.const(0);
    const a = v128.load(at, 0);
    const b = v128.load(at, 16);
    const reversed = v128.const([0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203]);
    return {
      body: sequence(
        v128.store(at, v128.pick(a, b, [0, 4, 3, 7]), 32),
        v128.store(at, v128.swizzleBytes(a, reversed), 48),
        i64.store(at, i64.load32U(at, 4), 64),
      ),
      result: i32.const(0),
    };
  });
  const bytes = new Uint8Array(memory.buffer);
  for (let i = 0; i < 32; i++) bytes[i] = i;
  run(0);
  const picked = [0, 1, 2, 3, 16, 17, 18, 19, 12, 13, 14, 15, 28, 29, 30, 31];
  assert.deepEqual([...bytes.subarray(32, 48)], picked);
  assert.deepEqual([...bytes.subarray(48, 64)], [
    15,
    14,
    13,
    12,
    11,
    10,
    9,
    8,
    7,
    6,
    5,
    4,
    3,
    2,
    1,
    0,
  ]);
  assert.deepEqual([...bytes.subarray(64, 72)], [4, 5, 6, 7, 0, 0, 0, 0]);
});
