import assert from "node:assert/strict";
import { TextLines } from "./_fakes.ts";

const SCRIPT = `
import { onInterrupt } from ${JSON.stringify(new URL("./signals.ts", import.meta.url).href)};
onInterrupt(() => console.log("first"));
setInterval(() => {}, 1000);
console.log("ready");
`;

Deno.test({
  name:
    "onInterrupt() calls back on the first signal and ends the process on the second (client 52)",
  ignore: Deno.build.os === "windows", // which has no way to send a signal
  async fn() {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const args = ["eval", "--no-check", SCRIPT];
      const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
      const lines = new TextLines(child.stdout);
      assert.equal(await lines.next(), "ready");
      child.kill(signal);
      assert.equal(await lines.next(), "first");
      child.kill(signal);
      assert.equal((await child.status).code, 1);
      assert.equal(await lines.next(), undefined);
    }
  },
});
