import assert from "node:assert/strict";
import { parseScript } from "./parse.ts";
import { runScript } from "./run.ts";

const FOLDER = new URL("./", import.meta.url);
const STARTS = "starts";

async function* scriptPaths(folder = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, FOLDER))) {
    if (isDirectory) yield* scriptPaths(`${folder}${name}/`);
    else if (name.endsWith(".pkt")) yield folder + name;
  }
}

const texts = new Map<string, string>();
for await (const path of scriptPaths()) {
  texts.set(path, await Deno.readTextFile(new URL(path, FOLDER)));
}
const starts = new Map<string, string>();
for (const [path, text] of texts) {
  const [folder, name] = path.split("/");
  if (folder === STARTS) starts.set(name!.slice(0, -".pkt".length), text);
}

for (const [path, text] of [...texts].sort(([a], [b]) => a < b ? -1 : 1)) {
  const title = /^title (.*)$/m.exec(text)?.[1] ?? "no title";
  Deno.test(`${path}: ${title}`, async () => await runScript(parseScript(text, starts)));
}

Deno.test("there are scripts enough, each with a title of its own that cites its source", () => {
  const titles = [...texts.values()].map((text) => /^title (.*)$/m.exec(text)?.[1] ?? "");
  assert.ok(titles.length >= 120, `${titles.length} scripts`);
  assert.equal(new Set(titles).size, titles.length);
  assert.deepEqual(titles.filter((title) => !/^(RFC \d+ |CVE-|design )/.test(title)), []);
});
