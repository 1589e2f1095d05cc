import assert from "node:assert/strict";
import { dial, echo, Fabric, readExactly, Target, untilTunnel, writeAll } from "../rig/mod.ts";

Deno.test("agent and client find UDP through the hub and the direct path by themselves (wire 54)", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  await untilTunnel(fabric, {
    what: "all three paths to be up",
    isSo: ({ paths }) => paths.filter(({ state }) => state === "up").length === 3,
  });
  using connection = await dial(fabric.localPort());
  await writeAll(connection, new Uint8Array([42]));
  assert.equal((await readExactly(connection, 1))[0], 42);
});
