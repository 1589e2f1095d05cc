import assert from "node:assert/strict";
import { MemoryIo } from "./io.ts";
import { Prompt } from "./prompt.ts";

Deno.test("Prompt.ask() reads line after line, whatever ends them", async () => {
  const io = new MemoryIo({ stdin: "one\ntwo\r\nthree\rfour" });
  using prompt = new Prompt(io);
  const lines = [];
  for (let i = 0; i < 5; i++) lines.push(await prompt.ask({ text: "?" }));
  assert.deepEqual(lines, ["one", "two", "three", "four", ""]);
  assert.equal(io.err, "");
});

Deno.test("Prompt.ask() shows its question at a terminal, and hides a secret while it is typed", async () => {
  const io = new MemoryIo({ stdin: "sex\x7fcret\r", terminal: true });
  const seen: boolean[] = [];
  const hide = io.hideInput.bind(io);
  io.hideInput = (hidden) => {
    seen.push(hidden);
    hide(hidden);
  };
  using prompt = new Prompt(io);
  assert.equal(await prompt.ask({ text: "Token: ", secret: true }), "secret");
  assert.equal(io.err, "Token: \n");
  assert.deepEqual(seen, [true, false]);
});

Deno.test("Prompt.ask() ends on Ctrl-C, with the terminal as it was", async () => {
  const io = new MemoryIo({ stdin: "sec\x03", terminal: true });
  using prompt = new Prompt(io);
  await assert.rejects(prompt.ask({ text: "Token: ", secret: true }), /Interrupted/);
  assert.equal(io.hidden, false);
});

Deno.test("Prompt.ask() refuses a line without end", async () => {
  using prompt = new Prompt(new MemoryIo({ stdin: "x".repeat(5000) }));
  await assert.rejects(prompt.ask({ text: "?" }), /Answer too long/);
});
