import assert from "node:assert/strict";
import { confirm } from "./confirm.ts";
import { MemoryIo } from "./io.ts";

for (const answer of ["y\n", "Yes\n", " y \n"]) {
  Deno.test(`confirm() goes on after ${JSON.stringify(answer)}`, async () => {
    const io = new MemoryIo({ stdin: answer, terminal: true });
    await confirm(io, { question: "Remove?", force: false });
    assert.equal(io.err, "Remove? [y/N] ");
    assert.equal(io.out, "");
  });
}

for (const answer of ["\n", "", "n\n", "yep\n"]) {
  Deno.test(`confirm() stops after ${JSON.stringify(answer)}`, async () => {
    const io = new MemoryIo({ stdin: answer, terminal: true });
    const asked = confirm(io, { question: "Remove?", force: false });
    await assert.rejects(asked, /Nothing was done/);
  });
}

Deno.test("confirm() does not ask when forced, or where nobody can answer", async () => {
  const forced = new MemoryIo({ terminal: true });
  await confirm(forced, { question: "Remove?", force: true });
  const script = new MemoryIo();
  await confirm(script, { question: "Remove?", force: false });
  assert.equal(forced.err + script.err, "");
});
