import assert from "node:assert/strict";
import {
  dialEcho,
  echo,
  Fabric,
  launchAgent,
  programTest,
  Target,
  until,
  within,
} from "../rig/mod.ts";

/** More than a pipe holds. */
const CONNECTIONS = 1500;

/** What the agent's log is, and how the shell makes it. */
const LOGS: readonly [what: string, command: string][] = [
  ["has no room", 'exec "$0" "$@" 2>/dev/full'],
  ["is not read by anyone", 'mkfifo log; exec "$0" "$@" 2<>log'],
];

for (const [what, command] of LOGS) {
  programTest({
    name: `an agent whose log ${what} serves on`,
    needs: ["sh", "mkfifo"],
    async fn() {
      await using target = new Target(echo);
      await using fabric = await Fabric.create();
      await fabric.startHub();
      const { hubUrl, token } = fabric;
      await using agent = await launchAgent({
        hubUrl,
        token,
        home: fabric.home("agent"),
        flags: ["-v"],
        prefix: ["sh", "-c", command],
      }, [target.port]);
      const isThere = async () => (await fabric.machine())?.agentConnected;
      await until(isThere, { what: "the agent at the hub" });
      await fabric.startClient([target.port]);
      for (let i = 0; i < CONNECTIONS; i += 50) {
        const some = Array.from({ length: 50 }, () => dialEcho(fabric.localPort()));
        const connections = await within(Promise.all(some), { what: "the echoes" });
        for (const connection of connections) connection.close();
      }
      assert.equal(agent.status, undefined, "it runs");
    },
  });
}
