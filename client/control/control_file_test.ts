import assert from "node:assert/strict";
import type { Host } from "../../core/config/mod.ts";
import { type ControlAddress, readControlFiles, writeControlFile } from "./control_file.ts";

async function inHome(body: (host: Host, run: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "tela-" });
  const run = Deno.build.os === "windows" ? `${home}\\tela\\run` : `${home}/.tela/run`;
  try {
    await body({ os: Deno.build.os, env: () => home }, run);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

const addressOf = (pid: number): ControlAddress => ({
  pid,
  port: 4000 + pid,
  token: "0f".repeat(32),
});

Deno.test("writeControlFile() gives each of many that start at once a file of its own", () =>
  inHome(async (host, run) => {
    const pids = [1, 2, 3, 4, 5, 6, 7, 8];
    const isGone = () => Promise.resolve(false);
    const files = await Promise.all(
      pids.map((pid) => writeControlFile(addressOf(pid), { host, isGone })),
    );
    assert.equal(new Set(files.map(({ path }) => path)).size, pids.length);
    const read = await readControlFiles(host);
    assert.deepEqual(read.map(({ address }) => address?.pid).sort(), pids);
    assert.ok(read[0]!.path.endsWith("control.json"));
    assert.equal(
      (await Array.fromAsync(Deno.readDir(run))).length,
      pids.length,
      "and nothing else",
    );
  }));

Deno.test("readControlFiles() takes no file that is cut short, too long or says something else", () =>
  inHome(async (host, run) => {
    await Deno.mkdir(run, { recursive: true });
    const good = JSON.stringify(addressOf(7));
    const read = async (text: string) => {
      await Deno.writeTextFile(`${run}/control.json`, text);
      return (await readControlFiles(host))[0]!.address;
    };
    assert.deepEqual(await read(good), addressOf(7));
    for (let length = 0; length < good.length; length++) {
      assert.equal(await read(good.slice(0, length)), undefined);
    }
    const wrong = [
      { port: 0 },
      { port: 65_536 },
      { port: 1.5 },
      { port: "80" },
      { pid: "7" },
      { token: "0f" },
      { token: "0F".repeat(32) },
      { token: null },
    ];
    for (const change of wrong) {
      assert.equal(await read(JSON.stringify({ ...addressOf(7), ...change })), undefined);
    }
    for (const text of ["[]", "7", "null", good + " ".repeat(5000)]) {
      assert.equal(await read(text), undefined);
    }
  }));
