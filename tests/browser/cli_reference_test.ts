import assert from "node:assert/strict";
import { systemProcess, telad } from "../../agent/mod.ts";
import { systemDeps, telaProgram } from "../../client/mod.ts";
import { type Command, MemoryIo, run } from "../../core/cli/mod.ts";
import { telahubd } from "../../hub/program/mod.ts";
import { browserTest, openPage } from "./chromium.ts";
import { withHub } from "./rig.ts";

const PROGRAMS: Readonly<Record<string, Command>> = {
  tela: telaProgram(systemDeps),
  telad: telad(systemProcess(() => assert.fail("help opens no tunnel"))),
  telahubd,
};

browserTest(
  "every command of the CLI reference is one of the programs, with its flags",
  async (browser) => {
    await withHub(async ({ url }) => {
      const { page } = await openPage(browser);
      await page.goto(`${url}#cli`);
      const commands = await page.$$eval(
        "#cli code",
        (items) => items.map((item) => `${item.textContent}`),
      );
      assert.ok(commands.length > 15);
      for (const command of commands) {
        const [program, ...args] = command.split(" ");
        // Help comes after the flags have been read, and before anything is done.
        const io = new MemoryIo({ args: [...args, "-h"] });
        assert.equal(await run(PROGRAMS[program!]!, io), 0, `${command}\n${io.err}`);
        const verbs = args.slice(0, args.findIndex((word) => !/^[a-z]+(-[a-z]+)*$/.test(word)));
        assert.equal(io.out.split(" — ")[0], [program, ...verbs].join(" "));
        assert.equal(io.err, "");
      }
    });
  },
);
