import assert from "node:assert/strict";
import { read, ROOT, SOURCE_FOLDERS, walk } from "./tree.ts";

/** The hub is blind because it cannot be otherwise (design.md 4). */
const HUB_MUST_NOT_REACH = /\/core\/(wireguard|ip|tcp|netstack|tunnel)\//;

/** Code that no one can fetch here: only `npm:` packages named in the import map. */
const FOREIGN_IMPORT = /(?:from|import|import\()\s*["'](?:jsr:|https?:|npm:)/;

/** Beginnings of paths that mean something on one machine only. */
const MACHINE_PATH = /["'`](?:\/(?:home|root|work|Users)\/|[A-Z]:\\\\Users)/;

const paths = await walk();
const sources = paths.filter((path) => path.endsWith(".ts"));

Deno.test("the top level holds only what the design names", async () => {
  // What git ignores is there after a run, as the hub's data.
  const ignored = (await read(".gitignore")).split("\n").map((line) => line.replaceAll("/", ""));
  const named = [...SOURCE_FOLDERS, "deno.json", "deno.lock", "README.md", "LICENSE"];
  const found: string[] = [];
  for await (const { name } of Deno.readDir(ROOT)) {
    if (!name.startsWith(".") && ![...ignored, ...named].includes(name)) found.push(name);
  }
  assert.deepEqual(found, []);
});

Deno.test("every source folder has its front door and its README", () => {
  const files = new Set(paths);
  const missing = paths
    .filter((path) =>
      /^(core|hub|agent|client|tests)\/.*\/$/.test(path) && !/(testdata|www)\/$/.test(path)
    )
    .filter((folder) => sources.some((source) => source.startsWith(folder)))
    .filter((folder) => folder !== "core/")
    .flatMap((folder) => {
      if (folder.startsWith("tests/")) return [folder + "README.md"];
      const door = /^(hub|agent|client)\/$/.test(folder) ? "main.ts" : "mod.ts";
      return [folder + door, folder + "README.md"];
    })
    .filter((file) => !files.has(file));
  assert.deepEqual(missing, []);
});

Deno.test("every front door names each export", async () => {
  for (const door of paths.filter((path) => path.endsWith("/mod.ts"))) {
    assert.doesNotMatch(await read(door), /^export \*/m, `${door} must name what it exports`);
  }
});

Deno.test("no source imports what cannot be fetched or names a path of one machine", async () => {
  for (const source of sources.filter((path) => path !== "tests/tree/tree_test.ts")) {
    const text = await read(source);
    assert.doesNotMatch(text, FOREIGN_IMPORT, source);
    if (!source.endsWith("_test.ts")) assert.doesNotMatch(text, MACHINE_PATH, source);
  }
});

Deno.test("the hub's module graph holds nothing that could read what it relays", async () => {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "hub/main.ts"],
    cwd: ROOT,
    stdin: "null",
    stderr: "inherit",
  }).output();
  assert.ok(success);
  const { modules }: { modules: { specifier: string }[] } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  const own = modules.map(({ specifier }) => specifier.slice(ROOT.href.length));
  assert.ok(own.includes("hub/main.ts") && own.some((path) => path.startsWith("core/")), `${own}`);
  assert.deepEqual(modules.filter(({ specifier }) => HUB_MUST_NOT_REACH.test(specifier)), []);
});
