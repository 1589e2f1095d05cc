import assert from "node:assert/strict";
import { PROGRAM_TASKS, taskCommand } from "./programs.ts";

Deno.test("taskCommand() reads the permissions of each program's task", async () => {
  const root = new URL("../../", import.meta.url);
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  for (const task of Object.values(PROGRAM_TASKS)) {
    const { args, env } = taskCommand(tasks, { task, home: "/h h" });
    assert.equal(args[0], "run");
    assert.deepEqual(env, { DENO_TOKIO_EVENT_INTERVAL: "1" });
    assert.ok(args.includes("--no-prompt"), `${task} could ask for more`);
    assert.ok(args.slice(1, -1).every((flag) => flag !== "-A" && flag !== "--allow-all"));
    assert.ok(args.every((arg) => !/["$]/.test(arg)), `${args}`);
    assert.ok((await Deno.stat(args.at(-1)!)).isFile);
  }
});

Deno.test("taskCommand() rejects a task that is not a plain run", () => {
  for (
    const command of [
      "deno run -A hub/main.ts",
      "deno run --allow-net hub/main.ts && echo",
      "deno test",
      "node hub/main.ts",
      "",
    ]
  ) {
    assert.throws(
      () => taskCommand({ hub: command }, { task: "hub", home: "/" }),
      /Cannot read task "hub"/,
      command,
    );
  }
  assert.throws(() => taskCommand({}, { task: "hub", home: "/" }), /Cannot read task "hub"/);
});
