import { dialEcho, echo, Fabric, Target, untilTunnel } from "../rig/mod.ts";

Deno.test("agent and client find UDP through the hub and the direct path by themselves (wire 54)", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  await untilTunnel(fabric, {
    what: "all three paths to be up",
    isSo: ({ paths }) => paths.filter(({ state }) => state === "up").length === 3,
  });
  (await dialEcho(fabric.localPort())).close();
});
