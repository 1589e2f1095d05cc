import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import { readBody, readJsonObject } from "./body.ts";

const encoder = new TextEncoder();
const post = (body: BodyInit, headers: HeadersInit = {}) =>
  new Request("http://hub/x", { method: "POST", body, headers });

function stream(chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.iterator]();
  return new ReadableStream({
    pull(controller) {
      const { value, done } = iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

Deno.test("readBody() gives what came, in however many pieces", async () => {
  const clock = new ManualClock();
  const bytes = encoder.encode("hello");
  for (const pieces of [[bytes], [...bytes].map((byte) => new Uint8Array([byte])), []]) {
    const { value } = await readBody(post(stream(pieces)), { maxBytes: 5, clock });
    assert.equal(new TextDecoder().decode(value), pieces.length === 0 ? "" : "hello");
  }
});

Deno.test("readBody() refuses what is too long, by its announcement or by what comes", async () => {
  const clock = new ManualClock();
  let made = 0;
  function* endless() {
    for (;;) {
      made++;
      yield new Uint8Array(1024);
    }
  }
  const announced = post(stream(endless()), { "content-length": "104857600" });
  assert.equal((await readBody(announced, { maxBytes: 4096, clock })).refusal?.status, 413);
  assert.ok(made <= 1);
  const { refusal } = await readBody(post(stream(endless())), { maxBytes: 4096, clock });
  assert.equal(refusal?.status, 413);
  assert.match((await refusal!.json()).error, /at most 4096 bytes/);
  assert.ok(made < 10, `${made} pieces were taken`);
});

Deno.test("readBody() waits ten seconds for a body, not longer", async () => {
  const clock = new ManualClock();
  const stalled = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode("{")),
  });
  const body = readBody(post(stalled), { maxBytes: 4096, clock });
  clock.advance(10_000);
  assert.equal((await body).refusal?.status, 408);
});

Deno.test("readBody() refuses a body that breaks off", async () => {
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => controller.error(new Error("reset")),
  });
  const { refusal } = await readBody(post(broken), { maxBytes: 9, clock: new ManualClock() });
  assert.equal(refusal?.status, 400);
});

const TEXTS: [text: string | Uint8Array<ArrayBuffer>, isTaken: boolean][] = [
  ["{}", true],
  [' {"a": [1, {"b": null}]} ', true],
  ["", false],
  ["[]", false],
  ["null", false],
  ["5", false],
  ["{", false],
  ["{}{}", false],
  ["[".repeat(60_000), false],
  [new Uint8Array([0x7b, 0xff, 0x7d]), false],
  ["\ufeff{", false],
];

for (const [text, isTaken] of TEXTS) {
  Deno.test(`readJsonObject() ${isTaken ? "takes" : "refuses"} ${String(text).slice(0, 30)}`, async () => {
    for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded"]) {
      const limits = { maxBytes: 65_536, clock: new ManualClock() };
      const { value, refusal } = await readJsonObject(post(text, { "content-type": type }), limits);
      if (isTaken) assert.deepEqual(value, JSON.parse(text as string));
      else assert.equal(refusal?.status, 400);
    }
  });
}
