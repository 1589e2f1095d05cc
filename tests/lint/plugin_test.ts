import assert from "node:assert/strict";
import plugin from "./plugin.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Ids of the rules that `source` offends if it stands at `path`. */
function lint(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, ROOT + path, source).map((d) => d.id);
}

const long = (lines: number) => "// x\n".repeat(lines);

const CASES: [rule: string, path: string, bad: string, good: string][] = [
  [
    "front-door",
    "core/path/a.ts",
    `import { x } from "../tcp/rto.ts"; x;`,
    `import { x } from "../tcp/mod.ts"; x;`,
  ],
  [
    "front-door",
    "hub/console/page_files.ts",
    `import { x } from "./www/main.js"; x;`,
    `import text from "./www/main.js" with { type: "text" }; text;`,
  ],
  [
    "import-direction",
    "core/path/a.ts",
    `import { x } from "../../hub/mod.ts"; x;`,
    `import { x } from "../bytes/mod.ts"; x;`,
  ],
  [
    "import-direction",
    "agent/a.ts",
    `import { x } from "../client/mod.ts"; x;`,
    `import { x } from "../core/log/mod.ts"; x;`,
  ],
  [
    "blind-hub",
    "hub/relay/a.ts",
    `import { x } from "../../core/wireguard/mod.ts"; x;`,
    `import { x } from "../../core/relay/mod.ts"; x;`,
  ],
  ["no-ambient", "core/tcp/a.ts", `Date.now();`, `(now: number) => now;`],
  ["no-ambient", "core/tcp/a.ts", `Math.random();`, `Math.max(1, 2);`],
  ["no-ambient", "core/wireguard/a.ts", `setTimeout(() => {}, 1);`, `f();`],
  ["no-ambient", "core/wireguard/a.ts", `crypto.getRandomValues(b);`, `random(b);`],
  ["no-ambient", "core/relay/a.ts", `new WebSocket("ws://h");`, `new Uint8Array(1);`],
  ["file-length", "core/tcp/a.ts", long(401), long(400)],
  [
    "function-length",
    "core/tcp/a.ts",
    `function f() {\n${long(59)}}`,
    `function f() {\n${long(58)}}`,
  ],
  ["named-exports", "core/tcp/a.ts", `export default 1;`, `export const a = 1;`],
  ["named-exports", "core/tcp/a.ts", `enum E { A }`, `const E = { a: 1 } as const;`],
];

for (const [rule, path, bad, good] of CASES) {
  Deno.test(`house/${rule} reports the offence in ${path} and passes the clean form`, () => {
    assert.ok(lint(path, bad).includes(`house/${rule}`), `expected a report for: ${bad}`);
    assert.deepEqual(lint(path, good), []);
  });
}

Deno.test("house rules let tests reach the clock and a folder's own files", () => {
  assert.deepEqual(lint("core/tcp/a_test.ts", `Date.now(); import { x } from "./rto.ts"; x;`), []);
});
