import assert from "node:assert/strict";
import { ConfigError } from "./error.ts";
import { ConfigFile } from "./file.ts";
import type { ConfigNode } from "./node.ts";

const PORT = { min: 0, max: 65535 };

function root(text: string): ConfigNode {
  return ConfigFile.parse("/x/telad.yaml", text).root;
}

function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.exitCode, 3);
    return error.message;
  }
  throw new Error("nothing was thrown");
}

Deno.test("ConfigNode reads values of every type and treats missing and null alike", () => {
  const top = root("name: barn\nport: 22\non: yes\noff: false\nlist: [a, b]\nempty: ~\n");
  assert.equal(top.get("name").string(), "barn");
  assert.equal(top.get("port").integer(PORT), 22);
  assert.equal(top.get("on").boolean(), true);
  assert.equal(top.get("off").boolean(), false);
  assert.deepEqual(top.get("list").list().map((item) => item.string()), ["a", "b"]);
  for (const absent of [top.get("empty"), top.get("none"), top.get("none").get("deeper")]) {
    assert.equal(absent.exists, false);
    assert.equal(absent.string(), undefined);
    assert.equal(absent.integer(PORT), undefined);
    assert.equal(absent.boolean(), undefined);
    assert.deepEqual(absent.list(), []);
    assert.deepEqual(absent.entries(), []);
  }
});

Deno.test("ConfigNode.string() gives numbers and booleans as they were written", () => {
  const items = root("[0012, 1e3, 22.0, true, 0x1F, 'x', 2026-01-01]").list();
  const expected = ["0012", "1e3", "22.0", "true", "0x1F", "x", "2026-01-01"];
  assert.deepEqual(items.map((item) => item.string()), expected);
});

Deno.test("ConfigNode errors name file, place, rule, value and line", () => {
  const top = root(
    "machines:\n  - name: [x]\n    ports: [22, 80, ssh, 70000, -1, 2.5, {}]\nhub: 5\n",
  );
  const machine = top.get("machines").list()[0]!;
  const ports = machine.get("ports").list();
  const start = "Cannot parse /x/telad.yaml: machines[0].";
  const bad = ['ports[2]: … "ssh"', "ports[3]: … 70000", "ports[4]: … -1", "ports[5]: … 2.5"];
  bad.push("ports[6]: … a map");
  bad.forEach((text, i) => {
    const rule = "expected an integer from 0 to 65535, got";
    const expected = `${start}${text.replace("…", rule)} (line 3)`;
    assert.equal(messageOf(() => ports[2 + i]!.integer(PORT)), expected);
  });
  assert.equal(
    messageOf(() => machine.get("name").string()),
    `${start}name: expected text, got a list (line 2)`,
  );
  assert.equal(
    messageOf(() => top.get("hub").boolean()),
    "Cannot parse /x/telad.yaml: hub: expected true or false, got 5 (line 4)",
  );
  assert.equal(
    messageOf(() => root("- 1").get("hub")),
    "Cannot parse /x/telad.yaml: expected a map, got a list (line 1)",
  );
});

Deno.test("ConfigNode errors show no text where a map or a list belongs, which may be a secret", () => {
  const top = root("hubs: {'wss://a': s3cret}\nports: s3cret\n");
  const message = messageOf(() => top.get("hubs").get("wss://a").get("token"));
  assert.equal(
    message,
    "Cannot parse /x/telad.yaml: hubs.wss://a: expected a map, got text (line 1)",
  );
  assert.ok(!messageOf(() => top.get("ports").list()).includes("s3cret"));
});

Deno.test("ConfigNode follows aliases and merges, own keys first, and ends on a merge of itself", () => {
  const text = "base: &b {token: t, name: base}\nmore: &m {owner: o}\n" +
    "one: {<<: *b, name: one}\ntwo: {<<: [*m, *b]}\nsame: *b\nloop: &l {<<: *l, a: 1}\n";
  const top = root(text);
  assert.equal(top.get("one").get("token").string(), "t");
  assert.equal(top.get("one").get("name").string(), "one");
  assert.deepEqual(top.get("two").entries().map(([key]) => key), ["owner", "token", "name"]);
  assert.equal(top.get("two").get("owner").string(), "o");
  assert.equal(top.get("same").get("token").string(), "t");
  assert.equal(top.get("loop").get("b").exists, false);
  assert.deepEqual(top.get("loop").entries().map(([key]) => key), ["a"]);
  const unknown = root("a: *nowhere\n");
  assert.match(messageOf(() => unknown.get("a")), /the alias \*nowhere has no anchor/);
});
