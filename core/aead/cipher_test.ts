import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { NobleCipher } from "./_noble_cipher.ts";
import { seededBytes } from "./_vectors.ts";
import { transportCipher } from "./cipher.ts";
import { NativeCipher } from "./native_cipher.ts";
import type { TransportCipher } from "./transport_cipher.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, i) => 0x80 + i);
const IMPLEMENTATIONS: [name: string, make: (key: Uint8Array) => TransportCipher][] = [
  ["transportCipher()", transportCipher],
  ["NativeCipher", (key) => new NativeCipher(key)],
  ["NobleCipher", (key) => new NobleCipher(key)],
];

function sealed(cipher: TransportCipher, lengthBytes: number, high = 1, low = 2): Uint8Array {
  const bytes = new Uint8Array(lengthBytes + 16).map((_, i) => i * 3);
  cipher.seal(high, low, bytes, 0, lengthBytes);
  return bytes;
}

for (const [name, make] of IMPLEMENTATIONS) {
  Deno.test(`${name} opens what it sealed, in place, and touches nothing around`, () => {
    for (const lengthBytes of [0, 1, 15, 16, 17, 63, 64, 65, 1_100, 16_384]) {
      const buffer = seededBytes(5, lengthBytes + 16 + 10);
      const before = buffer.slice();
      make(KEY).seal(0xffff_ffff, 0x8000_0001, buffer, 3, 3 + lengthBytes);
      assert.ok(make(KEY).open(0xffff_ffff, 0x8000_0001, buffer, 3, 3 + lengthBytes + 16));
      assert.deepEqual(buffer.subarray(0, 3 + lengthBytes), before.subarray(0, 3 + lengthBytes));
      assert.deepEqual(buffer.subarray(lengthBytes + 19), before.subarray(lengthBytes + 19));
    }
  });

  Deno.test(`${name} works on a Buffer that starts inside its memory`, () => {
    const buffer = Buffer.from(new ArrayBuffer(100), 9, 60);
    buffer.fill(1);
    make(KEY).seal(0, 0, buffer, 4, 40);
    assert.ok(make(KEY).open(0, 0, buffer, 4, 56));
    assert.ok(buffer.subarray(4, 40).every((byte) => byte === 1));
  });

  Deno.test(`${name} refuses any flipped bit, another key, another counter, unchanged`, () => {
    const good = sealed(make(KEY), 33);
    for (let bit = 0; bit < good.length * 8; bit++) {
      const forged = good.slice();
      forged[bit >>> 3]! ^= 1 << (bit & 7);
      const before = forged.slice();
      assert.equal(make(KEY).open(1, 2, forged, 0, forged.length), false);
      assert.deepEqual(forged, before);
    }
    assert.equal(make(KEY.map((byte) => byte ^ 1)).open(1, 2, good.slice(), 0, 49), false);
    for (const [high, low] of [[1, 3], [2, 1], [0, 2], [2, 2]] as const) {
      assert.equal(make(KEY).open(high, low, good.slice(), 0, 49), false);
    }
    assert.ok(make(KEY).open(1, 2, good, 0, 49));
  });

  Deno.test(`${name}.open() refuses what is too short for a tag`, () => {
    for (let end = 0; end < 16; end++) {
      const bytes = new Uint8Array(40);
      assert.equal(make(KEY).open(1, 2, bytes, 0, end), false, `${end} bytes`);
      assert.equal(make(KEY).open(1, 2, bytes, 20, 20 + end), false, `${end} bytes`);
    }
  });

  Deno.test(`${name}.wipe() overwrites its own copy of the key`, () => {
    const key = KEY.slice();
    const cipher = make(key);
    cipher.wipe();
    assert.deepEqual(key, KEY);
    assert.deepEqual(sealed(cipher, 40), sealed(make(new Uint8Array(32)), 40));
  });
}

Deno.test("transportCipher() is a NativeCipher where there is no WebAssembly", async () => {
  const front = new URL("./mod.ts", import.meta.url).href;
  const program = `
    import { isWasmSimdAvailable, NativeCipher, transportCipher } from "${front}";
    const cipher = transportCipher(new Uint8Array(32));
    const bytes = new Uint8Array(60);
    cipher.seal(0, 1, bytes, 0, 44);
    const { length } = bytes.filter((byte) => byte !== 0);
    console.log(isWasmSimdAvailable(), cipher instanceof NativeCipher, length > 30);
    console.log(cipher.open(0, 1, bytes, 0, 60), bytes.subarray(0, 44).every((byte) => byte === 0));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--v8-flags=--jitless", program],
    stderr: "inherit",
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "false true true\ntrue true\n");
});

Deno.test("NativeCipher and NobleCipher agree at every length to 300 and at odd counters", () => {
  for (let lengthBytes = 0; lengthBytes <= 300; lengthBytes++) {
    const [high, low] = [lengthBytes * 77, 0xffff_ffff - lengthBytes];
    assert.deepEqual(
      sealed(new NativeCipher(KEY), lengthBytes, high, low),
      sealed(new NobleCipher(KEY), lengthBytes, high, low),
    );
  }
});
