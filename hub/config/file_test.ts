import assert from "node:assert/strict";
import { join } from "node:path";
import { ConfigFile } from "./file.ts";

async function inTemporaryFolder(run: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await run(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("ConfigFile keeps comments, order and unknown keys through an edit", () =>
  inTemporaryFolder(async (dir) => {
    const path = join(dir, "hub.yaml");
    await Deno.writeTextFile(
      path,
      "# ours\nx-key: 1 # why\nport: 8080\nauth:\n  tokens:\n    # people\n    - id: a\n      token: t\n",
    );
    const file = await ConfigFile.open(path);
    assert.equal(file.exists, true);
    file.edit((editor) => editor.set(["name"], "lab"));
    assert.equal(file.config.name, "lab");
    await file.save();
    assert.equal(
      await Deno.readTextFile(path),
      "# ours\nx-key: 1 # why\nport: 8080\nauth:\n  tokens:\n    # people\n" +
        "    - id: a\n      token: t\nname: lab\n",
    );
  }));

Deno.test("ConfigFile loads bare connectTokens and saves them as objects (hub 73)", () =>
  inTemporaryFolder(async (dir) => {
    const path = join(dir, "hub.yaml");
    const grants = "[0123, {token: t3, services: [SSH]}]";
    await Deno.writeTextFile(path, `auth: {machines: {barn: {connectTokens: ${grants}}}}\n`);
    const file = await ConfigFile.open(path);
    const before = file.config.auth.machines;
    await file.save();
    assert.match(await Deno.readTextFile(path), /\{ token: "0123" \}/);
    assert.deepEqual((await ConfigFile.open(path)).config.auth.machines, before);
  }));

Deno.test(
  "ConfigFile makes a new file 0600 in a new folder 0700, and keeps the mode of an old one",
  {
    ignore: Deno.build.os === "windows",
  },
  () =>
    inTemporaryFolder(async (dir) => {
      const path = join(dir, "data", "hub.yaml");
      const file = await ConfigFile.open(path);
      assert.equal(file.exists, false);
      await file.save();
      assert.equal(file.exists, true);
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
      assert.equal((await Deno.stat(join(dir, "data"))).mode! & 0o777, 0o700);
      await Deno.chmod(path, 0o640);
      file.edit((editor) => editor.set(["name"], "b"));
      await file.save();
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o640);
      assert.deepEqual([...Deno.readDirSync(join(dir, "data"))].map(({ name }) => name), [
        "hub.yaml",
      ]);
    }),
);

Deno.test("ConfigFile replaces the file behind a link, not the link", {
  ignore: Deno.build.os === "windows",
}, () =>
  inTemporaryFolder(async (dir) => {
    await Deno.writeTextFile(join(dir, "real.yaml"), "name: a\n");
    await Deno.symlink("real.yaml", join(dir, "hub.yaml"));
    const file = await ConfigFile.open(join(dir, "hub.yaml"));
    file.edit((editor) => editor.set(["name"], "b"));
    await file.save();
    assert.equal(await Deno.readTextFile(join(dir, "real.yaml")), "name: b\n");
    assert.ok((await Deno.lstat(join(dir, "hub.yaml"))).isSymlink);
  }));

Deno.test("ConfigFile.save() makes the last of overlapping saves win", () =>
  inTemporaryFolder(async (dir) => {
    const path = join(dir, "hub.yaml");
    const file = await ConfigFile.open(path);
    const saves = ["a", "b", "c"].map((name) => {
      file.edit((editor) => editor.set(["name"], name));
      return file.save();
    });
    await Promise.all(saves);
    assert.equal((await ConfigFile.open(path)).config.name, "c");
  }));

Deno.test("ConfigFile.open() refuses a bad file and leaves it alone (hub 72)", () =>
  inTemporaryFolder(async (dir) => {
    const path = join(dir, "hub.yaml");
    await Deno.writeTextFile(path, "auth: [\n");
    await assert.rejects(ConfigFile.open(path), { name: "ConfigError", code: "unparsable" });
    assert.equal(await Deno.readTextFile(path), "auth: [\n");
    await assert.rejects(ConfigFile.open(dir), { name: "ConfigError", code: "unreadable" });
  }));

Deno.test("ConfigFile.save() reports a folder it cannot write to, and the next save works", () =>
  inTemporaryFolder(async (dir) => {
    await Deno.writeTextFile(join(dir, "plain"), "");
    const file = await ConfigFile.open(join(dir, "sub", "hub.yaml"));
    await Deno.writeTextFile(join(dir, "sub"), "in the way");
    await assert.rejects(file.save(), { name: "ConfigError", code: "unwritable" });
    await Deno.remove(join(dir, "sub"));
    await file.save();
    assert.equal(file.exists, true);
  }));
