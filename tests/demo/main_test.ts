import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Process } from "../rig/mod.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

Deno.test("the demo runs to its end as the README starts it, with the permissions of its task", async () => {
  await using demo = new Process({
    name: "demo",
    command: Deno.execPath(),
    args: ["task", "demo"],
    cwd: ROOT,
    env: { ...Deno.env.toObject(), NO_COLOR: "1" },
  });
  const { code } = await demo.ended;
  assert.equal(code, 0, demo.tail(30).join("\n"));
  assert.match(demo.stdout, /GET \/ .*\n[^]*upload .*64 MiB[^]*download .*64 MiB[^]*ciphertext/);
});
