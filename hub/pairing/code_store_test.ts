import assert from "node:assert/strict";
import { inTemporaryFolder } from "../testing/mod.ts";
import { CodeStore, type Promised } from "./code_store.ts";

const random = (out: Uint8Array) => void crypto.getRandomValues(out as Uint8Array<ArrayBuffer>);
const USER: Promised = { type: "connect", machines: ["barn"], role: "user", by: "digest" };
const yes = () => true;

Deno.test("CodeStore gives a code once, keeps it over a restart and in no clear form", () =>
  inTemporaryFolder(async (dir) => {
    const path = `${dir}/pairing.db`;
    const first = new CodeStore(path, { random });
    assert.ok(first.add("AAAA-1111", { promised: USER, expiresAtMs: 100, wallMs: 0 }));
    assert.ok(!first.add("AAAA-1111", { promised: USER, expiresAtMs: 100, wallMs: 0 }));
    first.close();
    if (Deno.build.os !== "windows") {
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    }
    const bytes = new TextDecoder("latin1").decode(await Deno.readFile(path));
    assert.ok(bytes.includes("barn"), "the file is what was written");
    assert.equal(bytes.includes("AAAA-1111"), false);
    const second = new CodeStore(path, { random });
    assert.deepEqual(second.take("AAAA-1111", { wallMs: 100, accepts: yes })?.promised, USER);
    assert.equal(second.take("AAAA-1111", { wallMs: 100, accepts: yes }), undefined);
    second.close();
  }));

Deno.test("CodeStore leaves a code that is not accepted, and puts one back", () => {
  const store = new CodeStore(":memory:", { random });
  store.add("AAAA-1111", { promised: USER, expiresAtMs: 100, wallMs: 0 });
  assert.equal(store.take("AAAA-1111", { wallMs: 0, accepts: () => false }), undefined);
  store.take("AAAA-1111", { wallMs: 0, accepts: yes })!.putBack();
  assert.deepEqual(store.take("AAAA-1111", { wallMs: 0, accepts: yes })?.promised, USER);
  store.close();
});

Deno.test("CodeStore forgets codes that have expired and takes a bounded number", () => {
  const store = new CodeStore(":memory:", { random, maxCodes: 10 });
  const add = (i: number, wallMs: number) =>
    store.add(`${i}`.padStart(9, "0"), { promised: USER, expiresAtMs: wallMs + 100, wallMs });
  for (let i = 0; i < 10; i++) assert.ok(add(i, 0));
  assert.ok(!add(10, 100));
  assert.ok(add(10, 101));
  assert.equal(store.size, 1);
  store.close();
});

Deno.test("CodeStore lists codes by an id that is none of the code, and takes one out by it", () => {
  const store = new CodeStore(":memory:", { random });
  const promised = { ...USER, machines: ["shed"] };
  store.add("AAAA-1111", { promised: USER, expiresAtMs: 200, wallMs: 0 });
  store.add("BBBB-2222", { promised, expiresAtMs: 100, wallMs: 0 });
  const [first, second] = store.list(100);
  assert.deepEqual([first?.promised, first?.expiresAtMs], [promised, 100]);
  assert.match(first!.id, /^[0-9a-f]{12}$/);
  assert.deepEqual(store.list(101).map(({ id }) => id), [second?.id]);
  assert.equal(store.remove(first!.id, 101), undefined, "it has expired");
  assert.equal(store.remove("", 101), undefined);
  const taken = store.take("AAAA-1111", { wallMs: 101, accepts: yes })!;
  assert.deepEqual(store.list(101), []);
  taken.putBack();
  assert.deepEqual(store.remove(second!.id, 101), USER, "the same id as before");
  assert.equal(store.take("AAAA-1111", { wallMs: 101, accepts: yes }), undefined);
  store.close();
});
