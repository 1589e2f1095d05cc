import assert from "node:assert/strict";
import {
  dialEcho,
  echo,
  Fabric,
  programTest,
  readExactly,
  Target,
  until,
  within,
  writeAll,
} from "../rig/mod.ts";

/** Enough to start and to serve some twenty connections. */
const MAX_FILES = 64;

const FEW_FILES = ["sh", "-c", `ulimit -n ${MAX_FILES}; exec "$0" "$@"`];

/** Opens connections until one fails, has them all work still, closes them, and opens another. */
async function exhaust(port: number, reported: Promise<unknown>): Promise<void> {
  const connections: Deno.TcpConn[] = [];
  let failed = false;
  try {
    while (!failed) {
      assert.ok(connections.length < MAX_FILES, "more connections than files");
      const opened = dialEcho(port).then((c) => connections.push(c), () => failed = true);
      await within(opened, { what: "a connection, or a refusal" });
    }
    await reported;
    for (const connection of connections) {
      await writeAll(connection, new Uint8Array([43]));
      assert.equal((await readExactly(connection, 1))[0], 43);
    }
    assert.ok(connections.length > 5);
  } finally {
    for (const connection of connections) connection.close();
  }
}

programTest({
  needs: ["sh"],
  name:
    "a client without file descriptors refuses connections, says so once, and goes on when it has",
  async fn() {
    await using target = new Target(echo);
    await using fabric = await Fabric.create();
    await fabric.startHub();
    await fabric.startAgent([target.port]);
    fabric.prefixes.client = FEW_FILES;
    await fabric.startClient([target.port]);
    const client = fabric.client;
    const port = fabric.localPort();
    await exhaust(port, client.waitForLine(/Too many open files: .*ulimit -n/));
    await client.waitForLine(/New local connections are accepted again/);
    (await within(dialEcho(port), { what: "a connection after all" })).close();
    assert.equal(client.output.match(/Too many open files/g)?.length, 1);
  },
});

programTest({
  needs: ["sh"],
  name:
    "an agent without file descriptors resets connections, says so once, and goes on when it has",
  async fn() {
    await using target = new Target(echo);
    await using fabric = await Fabric.create();
    await fabric.startHub();
    fabric.prefixes.agent = FEW_FILES;
    await fabric.startAgent([target.port]);
    const agent = fabric.agent;
    await fabric.startClient([target.port]);
    const port = fabric.localPort();
    await exhaust(port, agent.waitForLine(/cannot reach .*: too many open files; .*ulimit -n/));
    // Its files are free some time after the service has seen the last of them closed.
    const opens = () =>
      dialEcho(port).then((connection) => connection.close() ?? true, () => false);
    await until(opens, { what: "a connection after all" });
    // Not what sums up the others, at the end of its 10 s.
    assert.equal(agent.output.match(/: too many open files/g)?.length, 1);
  },
});
