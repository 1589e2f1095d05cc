import assert from "node:assert/strict";

const SCRIPT = `
import { onInterrupt } from ${JSON.stringify(new URL("./interrupt.ts", import.meta.url).href)};
onInterrupt((signal) => console.log("first", signal));
setInterval(() => {}, 1000);
console.log("ready");
`;

Deno.test({
  name:
    "onInterrupt() calls back on the first signal and ends the process on the second (client 52, hub 80)",
  ignore: Deno.build.os === "windows", // which has no way to send a signal
  async fn() {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const args = ["eval", "--no-check", SCRIPT];
      const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
      const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      assert.equal((await output.read()).value, "ready\n");
      child.kill(signal);
      assert.equal((await output.read()).value, `first ${signal}\n`);
      child.kill(signal);
      assert.equal((await child.status).code, 1);
      assert.equal((await output.read()).done, true);
    }
  },
});
