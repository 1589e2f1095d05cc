import assert from "node:assert/strict";
import {
  dial,
  echo,
  Fabric,
  readExactly,
  startProgram,
  Target,
  until,
  writeAll,
} from "../rig/mod.ts";

/** What `tela status -json` says of the paths of the only tunnel, as `kind state`. */
async function paths(fabric: Fabric): Promise<string[]> {
  const home = fabric.home("client");
  const args = ["status", "-json"];
  await using process = await startProgram("tela", { args, home });
  await process.ended;
  const [tunnel] = JSON.parse(process.stdout).tunnels;
  const known: Record<string, string>[] = tunnel.tunnel?.paths ?? [];
  return known.map(({ kind, state }) => `${kind} ${state}`).sort();
}

Deno.test("agent and client find UDP through the hub and the direct path by themselves (wire 54)", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  await fabric.waitForSessions(1);
  const all = ["direct up", "udp-relay up", "websocket up"];
  const found = async () => (await paths(fabric)).join() === all.join();
  await until(found, { what: "all three paths to be up" });
  using connection = await dial(fabric.localPort());
  await writeAll(connection, new Uint8Array([42]));
  assert.equal((await readExactly(connection, 1))[0], 42);
});
