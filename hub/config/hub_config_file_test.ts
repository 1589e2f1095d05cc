import assert from "node:assert/strict";
import { join } from "node:path";
import { inTemporaryFolder } from "../testing/mod.ts";
import { HubConfigFile } from "./hub_config_file.ts";

Deno.test("HubConfigFile makes a new file with a header, private to the hub (hub 70)", {
  ignore: Deno.build.os === "windows",
}, () =>
  inTemporaryFolder(async (dir) => {
    const path = join(dir, "data", "hub.yaml");
    const file = await HubConfigFile.open(path);
    assert.equal(file.exists, false);
    file.edit((editor) => editor.add(["auth", "tokens"], { id: "a", token: "t" }));
    file.edit((editor) => editor.add(["auth", "tokens"], { id: "b", token: "u" }));
    await file.save();
    assert.equal(file.exists, true);
    assert.match(await Deno.readTextFile(path), /^# Configuration of a Tela hub \(telahubd\)\.$/m);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.equal((await Deno.stat(join(dir, "data"))).mode! & 0o777, 0o700);
    const { tokens } = (await HubConfigFile.open(path)).config.auth;
    assert.deepEqual(tokens.map(({ id, token }) => [id, token]), [["a", "t"], ["b", "u"]]);
  }));

Deno.test("HubConfigFile keeps comments, order and unknown keys through an edit", () =>
  inTemporaryFolder(async (dir) => {
    const path = join(dir, "hub.yaml");
    const text = "# ours\nx-key: 1 # why\nport: 8080\nauth:\n  tokens:\n    # people\n" +
      "    - id: a\n      token: t\n";
    await Deno.writeTextFile(path, text);
    const file = await HubConfigFile.open(path);
    const before = file.config;
    file.edit((editor) => editor.set(["name"], "lab"));
    assert.deepEqual([before.name, file.config.name], ["", "lab"]);
    await file.save();
    assert.equal(await Deno.readTextFile(path), text + "name: lab\n");
  }));

Deno.test("HubConfigFile loads bare connectTokens and saves them as objects (hub 73)", () =>
  inTemporaryFolder(async (dir) => {
    const path = join(dir, "hub.yaml");
    const grants = "[0123, {token: t3, services: [SSH]}]";
    await Deno.writeTextFile(path, `auth: {machines: {barn: {connectTokens: ${grants}}}}\n`);
    const file = await HubConfigFile.open(path);
    const before = file.config.auth.machines;
    await file.save();
    assert.match(await Deno.readTextFile(path), /\{ token: "0123" \}/);
    assert.deepEqual((await HubConfigFile.open(path)).config.auth.machines, before);
  }));

Deno.test("HubConfigFile.save() makes the last of overlapping saves win", () =>
  inTemporaryFolder(async (dir) => {
    const path = join(dir, "hub.yaml");
    const file = await HubConfigFile.open(path);
    const saves = ["a", "b", "c"].map((name) => {
      file.edit((editor) => editor.set(["name"], name));
      return file.save();
    });
    await Promise.all(saves);
    assert.equal((await HubConfigFile.open(path)).config.name, "c");
  }));

Deno.test("HubConfigFile.open() refuses a bad file and leaves it alone (hub 72)", () =>
  inTemporaryFolder(async (dir) => {
    const path = join(dir, "hub.yaml");
    await Deno.writeTextFile(path, "auth: [\n");
    await assert.rejects(HubConfigFile.open(path), { name: "ConfigError", code: "malformed" });
    assert.equal(await Deno.readTextFile(path), "auth: [\n");
    await assert.rejects(HubConfigFile.open(dir), { name: "ConfigError", code: "unreadable" });
  }));

Deno.test("HubConfigFile.save() reports a folder it cannot write to, and the next save works", () =>
  inTemporaryFolder(async (dir) => {
    const file = await HubConfigFile.open(join(dir, "sub", "hub.yaml"));
    await Deno.writeTextFile(join(dir, "sub"), "in the way");
    await assert.rejects(file.save(), { name: "ConfigError", code: "unwritable" });
    await Deno.remove(join(dir, "sub"));
    await file.save();
    assert.equal(file.exists, true);
  }));
