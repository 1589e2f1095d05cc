import assert from "node:assert/strict";
import { Process, run } from "./process.ts";

function evaluate(name: string, code: string): Process {
  return new Process({ name, command: Deno.execPath(), args: ["eval", code] });
}

Deno.test("waitForLine() finds lines written before and after the call, on both streams", async () => {
  await using child = evaluate(
    "child",
    `console.log("one"); console.error("two"); setTimeout(() => console.log("three 3"), 50)`,
  );
  await child.waitForLine(/^one$/);
  await child.waitForLine(/^two$/);
  assert.equal((await child.waitForLine(/three (\d)/))[1], "3");
  assert.equal((await child.ended).code, 0);
  await child.waitForLine(/^one$/);
});

Deno.test("waitForLine() looks only from the mark on, and can skip matches", async () => {
  await using child = evaluate("child", `for (const i of [1, 2, 3]) console.log("line " + i)`);
  assert.equal((await child.waitForLine(/line (\d)/, { nth: 2 }))[1], "2");
  await child.ended;
  assert.equal((await child.waitForLine(/line (\d)/, { from: 2 }))[1], "3");
  await assert.rejects(child.waitForLine(/line/, { from: child.mark() }), /ended with code 0/);
});

Deno.test("waitForLine() rejects with the last lines when the process ends or time is up", async () => {
  await using short = evaluate("short", `console.log("famous last words"); Deno.exit(3)`);
  await assert.rejects(
    short.waitForLine(/never/),
    /short ended with code 3\n {2}famous last words/,
  );
  await using long = evaluate("long", `console.log("busy"); setInterval(() => {}, 1000)`);
  await long.waitForLine(/busy/);
  await assert.rejects(long.waitForLine(/never/, { deadlineMs: 1 }), /1 ms have passed\n {2}busy/);
});

Deno.test("a disposed Process has ended", async () => {
  let child: Process;
  {
    await using inner = evaluate("child", `console.log("up"); setInterval(() => {}, 1000)`);
    await inner.waitForLine(/up/);
    child = inner;
  }
  assert.equal(child.status?.signal, "SIGTERM");
  await child.kill();
});

Deno.test("run() returns standard output and rejects with the output of a failure", async () => {
  const args = (code: string) => ({ command: Deno.execPath(), args: ["eval", code] });
  assert.equal(await run(args(`console.log("out"); console.error("err")`)), "out\n");
  await assert.rejects(run(args(`console.error("why"); Deno.exit(4)`)), /code 4\n {2}why/);
});
