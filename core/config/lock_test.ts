import assert from "node:assert/strict";
import { join } from "node:path";
import { ManualClock } from "../clock/mod.ts";
import { ConfigError } from "./error.ts";
import { lockFile } from "./lock.ts";

async function inFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("lockFile() lets one in at a time, and the next when it is disposed of", () =>
  inFolder(async (dir) => {
    const path = join(dir, "new", "hub.yaml");
    const order: string[] = [];
    const first = await lockFile(path);
    const second = lockFile(path).then((lock) => {
      order.push("second");
      return lock;
    });
    order.push("first");
    first[Symbol.dispose]();
    (await second)[Symbol.dispose]();
    assert.deepEqual(order, ["first", "second"]);
    assert.deepEqual([...Deno.readDirSync(join(dir, "new"))].map(({ name }) => name), [
      "hub.yaml.lock",
    ]);
  }));

Deno.test("lockFile() gives up after 5 s, and names the file", () =>
  inFolder(async (dir) => {
    const path = join(dir, "hub.yaml");
    using _held = await lockFile(path);
    const clock = new ManualClock();
    // Each wait is over as soon as it begins.
    const impatient = {
      nowMs: () => clock.nowMs(),
      wallMs: () => clock.wallMs(),
      setTimer(callback: () => void, delayMs: number) {
        clock.advance(delayMs);
        queueMicrotask(callback);
        return { cancel: () => {} };
      },
    };
    const started = clock.nowMs();
    await assert.rejects(
      lockFile(path, { clock: impatient }),
      (error) =>
        error instanceof ConfigError && error.code === "unwritable" &&
        error.message.includes(path),
    );
    assert.ok(clock.nowMs() - started >= 5000);
  }));

Deno.test("lockFile() follows a symbolic link, so that both names are one lock", {
  ignore: Deno.build.os === "windows",
}, () =>
  inFolder(async (dir) => {
    await Deno.writeTextFile(join(dir, "real.yaml"), "");
    await Deno.symlink(join(dir, "real.yaml"), join(dir, "link.yaml"));
    using _lock = await lockFile(join(dir, "link.yaml"));
    assert.equal((await Deno.stat(join(dir, "real.yaml.lock"))).mode! & 0o777, 0o600);
  }));

Deno.test("lockFile() says why a folder takes no lock", () =>
  inFolder(async (dir) => {
    await Deno.writeTextFile(join(dir, "sub"), "in the way");
    await assert.rejects(lockFile(join(dir, "sub", "hub.yaml")), {
      name: "ConfigError",
      code: "unwritable",
    });
  }));
