import assert from "node:assert/strict";
import { removeUnfinished, writeFileAtomic } from "./atomic.ts";

const onUnix = Deno.build.os !== "windows";

async function inTempDir(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function names(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map((entry) => entry.name).sort();
}

function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o777;
}

Deno.test("writeFileAtomic() makes the directory 0700 and the file 0600", () =>
  inTempDir(async (dir) => {
    await writeFileAtomic(`${dir}/a/b/secret.yaml`, "x: 1\n");
    assert.equal(await Deno.readTextFile(`${dir}/a/b/secret.yaml`), "x: 1\n");
    assert.deepEqual(names(`${dir}/a/b`), ["secret.yaml"]);
    if (!onUnix) return;
    assert.equal(modeOf(`${dir}/a/b`), 0o700);
    assert.equal(modeOf(`${dir}/a/b/secret.yaml`), 0o600);
  }));

Deno.test({
  name: "writeFileAtomic() keeps the mode of the file replaced unless one is given",
  ignore: !onUnix,
  fn: () =>
    inTempDir(async (dir) => {
      const path = `${dir}/a.yaml`;
      await Deno.writeTextFile(path, "old");
      await Deno.chmod(path, 0o664);
      await Deno.chmod(dir, 0o755);
      await writeFileAtomic(path, "new");
      assert.equal(modeOf(path), 0o664);
      assert.equal(modeOf(dir), 0o755);
      await writeFileAtomic(path, "newer", { mode: 0o600, privateDir: true });
      assert.equal(modeOf(path), 0o600);
      assert.equal(modeOf(dir), 0o700);
    }),
});

Deno.test({
  name: "writeFileAtomic() replaces the target of a symbolic link, also one not there yet",
  ignore: !onUnix,
  fn: () =>
    inTempDir(async (dir) => {
      await Deno.mkdir(`${dir}/real`);
      await Deno.symlink("real/a.yaml", `${dir}/link.yaml`);
      for (const text of ["first", "second"]) {
        await writeFileAtomic(`${dir}/link.yaml`, text);
        assert.equal(await Deno.readTextFile(`${dir}/real/a.yaml`), text);
        assert.equal((await Deno.lstat(`${dir}/link.yaml`)).isSymlink, true);
      }
      assert.deepEqual(names(`${dir}/real`), ["a.yaml"]);
    }),
});

Deno.test("writeFileAtomic() leaves no temporary file and the old content when it fails", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/taken`;
    await Deno.mkdir(path);
    await Deno.writeTextFile(`${path}/inside`, "kept");
    await assert.rejects(writeFileAtomic(path, "x"), (error: Error & { code?: string }) => {
      assert.equal(error.code, "unwritable");
      assert.ok(error.message.startsWith(`Cannot write ${path}: `), error.message);
      return true;
    });
    assert.deepEqual(names(dir), ["taken"]);
    assert.equal(await Deno.readTextFile(`${path}/inside`), "kept");
    await assert.rejects(writeFileAtomic(`${path}/inside/file`, "x"), { code: "unwritable" });
  }));

Deno.test("writeFileAtomic() lets readers find only whole contents while writers race", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/a.yaml`;
    const contents = ["a", "b", "c", "d"].map((letter) => letter.repeat(200_000));
    await Deno.writeTextFile(path, contents[0]!);
    const writes = Promise.all(contents.map((text) => writeFileAtomic(path, text)));
    for (let i = 0; i < 20; i++) assert.ok(contents.includes(await Deno.readTextFile(path)));
    await writes;
    assert.deepEqual(names(dir), ["a.yaml"]);
  }));

Deno.test("removeUnfinished() removes what a killed write has left of this file, and nothing else", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/a.yaml`;
    await writeFileAtomic(path, "x: 1\n");
    const id = crypto.randomUUID();
    const others = [`.a.yaml.tmp`, `.a.yaml.mine.tmp`, `.b.yaml.${id}.tmp`, `.a.yaml.${id}`];
    for (const name of [...others, `.a.yaml.${id}.tmp`]) {
      await Deno.writeTextFile(`${dir}/${name}`, "token: secret\n");
    }
    assert.equal(await removeUnfinished(path), 1);
    assert.deepEqual(names(dir), [...others, "a.yaml"].sort());
    assert.equal(await removeUnfinished(path), 0);
  }));
