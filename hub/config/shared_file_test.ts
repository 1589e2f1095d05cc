import assert from "node:assert/strict";
import { join } from "node:path";
import { ConfigError } from "../../core/config/mod.ts";
import { inTemporaryFolder } from "../testing/mod.ts";
import { HubConfigFile } from "./hub_config_file.ts";
import type { TokenEntry } from "./model.ts";

const TEXT = "hubId: h\nauth:\n  tokens:\n    - {id: owner, token: o, hubRole: owner}\n";

function entry(id: string): TokenEntry {
  const times = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };
  return { id, token: `${id}-token`, role: "user", ...times };
}

/** A file opened by two programs. */
function shared(
  test: (one: HubConfigFile, other: HubConfigFile, path: string) => Promise<void>,
): Promise<void> {
  return inTemporaryFolder(async (dir) => {
    const path = join(dir, "hub.yaml");
    await Deno.writeTextFile(path, TEXT);
    await test(await HubConfigFile.open(path), await HubConfigFile.open(path), path);
  });
}

/** As an editor that replaces the file does. */
async function replace(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text);
  await Deno.rename(`${path}.new`, path);
}

function add(file: HubConfigFile, id: string): Promise<void> {
  return file.commitAuth((auth) => [auth, { ...auth, tokens: [...auth.tokens, entry(id)] }]);
}

const ids = ({ config }: HubConfigFile) => config.auth.tokens.map(({ id }) => id);

Deno.test("changes of two programs at once are all kept", () =>
  shared(async (one, other, path) => {
    const names = Array.from({ length: 20 }, (_, i) => `id-${i}`);
    await Promise.all(names.map((id, i) => add(i % 2 === 0 ? one : other, id)));
    const { config } = await HubConfigFile.open(path);
    assert.deepEqual(config.auth.tokens.map(({ id }) => id).sort(), [...names, "owner"].sort());
    await one.refresh();
    await other.refresh();
    assert.deepEqual(ids(one), ids(other));
  }));

Deno.test("a portal of one program and an identity of another are both kept", () =>
  shared(async (one, other, path) => {
    await one.commitPortal("home", { url: "https://p", hubDirectory: "/d", syncToken: "s" });
    await add(other, "alice");
    const file = await HubConfigFile.open(path);
    assert.deepEqual([ids(file), [...file.portals.keys()]], [["owner", "alice"], ["home"]]);
    assert.deepEqual([...other.portals.keys()], ["home"]);
  }));

Deno.test("refresh() takes over what an editor has written, in place or by replacing", () =>
  shared(async (file, _, path) => {
    const { version } = file;
    await replace(path, `${TEXT}name: lab # by hand\n`);
    await file.refresh();
    assert.equal(file.config.name, "lab");
    assert.notEqual(file.version, version);
    await Deno.writeTextFile(path, `${TEXT}name: laboratory\n`);
    await file.refresh();
    assert.equal(file.config.name, "laboratory");
    const { config } = file;
    await file.refresh();
    assert.equal(file.config, config, "nothing new, the same object");
  }));

const UNUSABLE: [what: string, text: string, words: RegExp][] = [
  ["is not YAML", "auth: [\n", /line/],
  ["has a value of the wrong type", `${TEXT}port: many\n`, /port/],
  ["has no tokens", "hubId: h\n", /let anybody in/],
  ["is empty", "", /let anybody in/],
];

for (const [what, text, words] of UNUSABLE) {
  Deno.test(`a file that ${what} is not taken over, and not overwritten by a change`, () =>
    shared(async (file, _, path) => {
      const { config } = file;
      await replace(path, text);
      const isRefusal = (error: unknown) =>
        error instanceof ConfigError && words.test(error.message);
      await assert.rejects(file.refresh(), isRefusal);
      await assert.rejects(add(file, "alice"), isRefusal);
      assert.equal(file.config, config);
      assert.equal(await Deno.readTextFile(path), text);
      await replace(path, `${TEXT}name: mended\n`);
      await add(file, "alice");
      assert.deepEqual([file.config.name, ids(file)], ["mended", ["owner", "alice"]]);
    }));
}

Deno.test("a file that has gone is made again with what it said", () =>
  shared(async (file, _, path) => {
    await Deno.remove(path);
    await file.refresh();
    assert.deepEqual(ids(file), ["owner"]);
    await add(file, "alice");
    assert.deepEqual(ids(await HubConfigFile.open(path)), ["owner", "alice"]);
  }));

Deno.test("save() does not overwrite what another program has written since", () =>
  shared(async (one, other, path) => {
    await add(other, "alice");
    one.edit((editor) => editor.set(["name"], "lab"));
    await assert.rejects(one.save(), { name: "ConfigError", code: "unwritable" });
    assert.deepEqual(ids(await HubConfigFile.open(path)), ["owner", "alice"]);
  }));

Deno.test("commitAuth() with one step writes nothing", () =>
  shared(async (file, _, path) => {
    const { version } = file;
    await file.commitAuth((auth) => [auth]);
    assert.equal(file.version, version);
    assert.equal(await Deno.readTextFile(path), TEXT);
  }));

Deno.test("a file in which two identities have one id is not taken over", () =>
  shared(async (one, _, path) => {
    const twice = `${TEXT}    - {id: alice, token: a}\n    - {id: alice, token: b}\n`;
    await replace(path, twice);
    await assert.rejects(one.refresh(), /two identities have the id "alice"/);
    assert.deepEqual(ids(one), ["owner"]);
    await replace(path, twice.replace("alice, token: b", "bob, token: b"));
    await one.refresh();
    assert.deepEqual(ids(one), ["owner", "alice", "bob"]);
  }));
