import assert from "node:assert/strict";
import { dial, echo, Fabric, type Process, readExactly, Target, writeAll } from "../rig/mod.ts";

async function exchange(connection: Deno.TcpConn, byte: number): Promise<void> {
  await writeAll(connection, new Uint8Array([byte]));
  assert.equal((await readExactly(connection, 1))[0], byte);
}

for (const name of ["agent", "hub"] as const) {
  Deno.test(`a client notices that the ${name} is frozen, and its connection goes on after that`, async () => {
    await using target = new Target(echo);
    await using fabric = await Fabric.start({ targetPorts: [target.port] });
    using connection = await dial(fabric.localPort());
    await exchange(connection, 1);
    const frozen: Process = fabric[name];
    const from = fabric.client.mark();
    Deno.kill(frozen.pid, "SIGSTOP");
    try {
      await fabric.client.waitForLine(
        /Connection to the hub dropped: .*open connections (wait|go on)/,
        { from },
      );
    } finally {
      Deno.kill(frozen.pid, "SIGCONT");
    }
    await exchange(connection, 2);
  });
}

Deno.test("an agent notices that its client is frozen, and the connection goes on after that", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  using connection = await dial(fabric.localPort());
  await exchange(connection, 1);
  const from = fabric.agent.mark();
  fabric.client.signal("SIGSTOP");
  try {
    await fabric.agent.waitForLine(/waits up to 120 s for its client/, { from });
  } finally {
    fabric.client.signal("SIGCONT");
  }
  await exchange(connection, 2);
});
