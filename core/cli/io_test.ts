import assert from "node:assert/strict";
import { MemoryIo } from "./io.ts";

Deno.test("systemIo() writes all at once, and outlives a reader that has gone", async () => {
  const io = JSON.stringify(new URL("./io.ts", import.meta.url).href);
  const clock = JSON.stringify(new URL("../clock/mod.ts", import.meta.url).href);
  // However late the reader is: by this clock its time never ends.
  const script = `
    import { ManualClock } from ${clock};
    import { systemIo } from ${io};
    await new Response(Deno.stdin.readable).text();
    const io = systemIo(new ManualClock());
    io.stdout("x".repeat(1_000_000));
    io.stderr("y".repeat(1_000_000) + "end");
    await io.flush();
    Deno.exit(0);
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", script],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  await child.stdin.close();
  const text = await new Response(child.stderr).text();
  assert.equal(text.length, 1_000_003);
  assert.ok(text.endsWith("end"));
  assert.equal((await child.status).code, 0);
});

Deno.test("systemIo() goes on, and ends, while nobody reads its standard error", async () => {
  const io = JSON.stringify(new URL("./io.ts", import.meta.url).href);
  const script = `
    import { systemIo } from ${io};
    const io = systemIo();
    for (let i = 0; i < 1000; i++) io.stderr("y".repeat(999) + "\\n");
    io.stdout("went on");
    await io.flush();
    Deno.exit(3);
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", script],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  assert.equal(await new Response(child.stdout).text(), "went on");
  assert.equal((await child.status).code, 3);
  await child.stderr.cancel();
});

Deno.test("MemoryIo gives what it was given and keeps what is written", async () => {
  const io = new MemoryIo({ args: ["a"], env: { B: "c" }, stdin: "typed\n", terminal: true });
  io.stdout("1");
  io.stderr("2");
  io.stdout("3");
  assert.deepEqual([io.args, io.env("B"), io.env("PATH")], [["a"], "c", undefined]);
  assert.deepEqual([io.out, io.err, io.isTerminal.stdin], ["13", "2", true]);
  assert.equal(await new Response(io.stdin).text(), "typed\n");
});
