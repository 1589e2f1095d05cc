import assert from "node:assert/strict";
import { ConfigError } from "./error.ts";
import { ConfigFile } from "./file.ts";

const COMMENTED = `# Our agent
hub: ws://old # the hub

machines:
  # the barn
  - name: barn
    ports: [22, 80] # and more to come
future: { key: kept }
`;

Deno.test("ConfigFile.parse() names file, line and column when the text is not YAML", () => {
  const cases: [text: string, message: string][] = [
    ["a: 1\nb: 2\na: 3\n", "Cannot parse /x/a.yaml: line 3, column 1: Map keys must be unique"],
    ["\ta: 1\n", "Cannot parse /x/a.yaml: line 1, column 1: Tabs are not allowed as indentation"],
    ["a: 'x\n", "Cannot parse /x/a.yaml: line 2, column 1: Missing closing 'quote"],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => ConfigFile.parse("/x/a.yaml", text), {
      name: "ConfigError",
      code: "malformed",
      message,
    });
  }
});

Deno.test("ConfigFile.set() keeps comments, order and unknown keys", () => {
  const file = ConfigFile.parse("/x/a.yaml", COMMENTED);
  file.set(["hub"], "wss://new");
  file.set(["machines", 0, "ports", 1], 443);
  assert.equal(file.root.get("machines").list()[0]?.get("ports").list()[1]?.string(), "443");
  file.set(["update", "sources", "dev"], "https://x/");
  assert.equal(
    file.text(),
    COMMENTED.replace("ws://old", "wss://new").replace("[22, 80]", "[ 22, 443 ]") +
      "update:\n  sources:\n    dev: https://x/\n",
  );
  assert.equal(file.root.get("update").get("sources").get("dev").string(), "https://x/");
});

Deno.test("ConfigFile.set() makes the maps on the way when the file is empty or has null there", () => {
  for (const text of ["", "# only this\n", "hubs:\n", "hubs: ~\n"]) {
    const file = ConfigFile.parse("/x/a.yaml", text);
    file.set(["hubs", "wss://a", "token"], "t");
    const again = ConfigFile.parse("/x/a.yaml", file.text());
    assert.equal(again.root.get("hubs").get("wss://a").get("token").string(), "t");
    assert.equal(file.text().includes("# only this"), text.includes("# only this"));
  }
});

Deno.test("ConfigFile.set() refuses to replace a scalar on the way and changes one alias only", () => {
  const scalar = ConfigFile.parse("/x/a.yaml", "hubs: 3\n");
  assert.throws(() => scalar.set(["hubs", "a"], "b"), {
    code: "invalid",
    message: "Cannot change /x/a.yaml: hubs: expected a map",
  });
  assert.equal(scalar.text(), "hubs: 3\n");
  const aliased = ConfigFile.parse("/x/a.yaml", "base: &b {name: n}\nlist: [*b, *b]\n");
  aliased.set(["list", 1, "name"], "own");
  const names = aliased.root.get("list").list().map((item) => item.get("name").string());
  assert.deepEqual(names, ["n", "own"]);
});

Deno.test("ConfigFile.delete() says whether there was something", () => {
  const file = ConfigFile.parse("/x/a.yaml", "a: {b: 1, c: 2}\n");
  assert.equal(file.delete(["a", "b"]), true);
  assert.equal(file.delete(["a", "b"]), false);
  assert.equal(file.text(), "a: { c: 2 }\n");
  assert.equal(ConfigFile.parse("/x/a.yaml", "").delete(["a"]), false);
});

Deno.test("ConfigFile.read() says why when a file is missing, a directory or not text", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const missing = `${dir}/none.yaml`;
    await assert.rejects(ConfigFile.read(missing), {
      code: "absent",
      message: `Cannot read ${missing}: no such file or directory`,
    });
    assert.equal((await ConfigFile.readIfPresent(missing)).root.exists, false);
    await assert.rejects(ConfigFile.readIfPresent(dir), { code: "unreadable" });
    const binary = `${dir}/binary.yaml`;
    await Deno.writeFile(binary, new Uint8Array([0xff, 0xfe, 0x00]));
    await assert.rejects(ConfigFile.read(binary), {
      code: "unreadable",
      message: `Cannot read ${binary}: it is not UTF-8 text`,
    });
    await Deno.truncate(binary, 17 * 1024 * 1024);
    await assert.rejects(ConfigFile.read(binary), /17825792 bytes, at most 16777216/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("ConfigFile.save() writes what read() reads", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/deep/er/a.yaml`;
    const file = await ConfigFile.readIfPresent(path);
    file.set(["text"], "with: colon\nand line");
    file.set(["number"], 3);
    await file.save();
    const root = (await ConfigFile.read(path)).root;
    assert.equal(root.get("text").string(), "with: colon\nand line");
    assert.equal(root.get("number").integer({ min: 0, max: 9 }), 3);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("ConfigError is an Error with name, code, exit code and cause", () => {
  const cause = new Error("why");
  const error = new ConfigError("Cannot read x: why", { code: "unreadable", path: "x", cause });
  assert.equal(error.name, "ConfigError");
  assert.equal(error.exitCode, 3);
  assert.equal(error.path, "x");
  assert.equal(error.cause, cause);
});
