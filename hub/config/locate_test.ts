import assert from "node:assert/strict";
import { locateConfig } from "./locate.ts";

const WINDOWS = "D:\\Data\\Tela\\telahubd.yaml";

const CASES: [
  given: string | undefined,
  os: typeof Deno.build.os,
  present: string[],
  path: string,
][] = [
  ["my.yaml", "linux", ["data/telahubd.yaml"], "my.yaml"],
  [undefined, "linux", ["data/telahubd.yaml", "/etc/tela/telahubd.yaml"], "data/telahubd.yaml"],
  [undefined, "darwin", ["/etc/tela/telahubd.yaml"], "/etc/tela/telahubd.yaml"],
  [undefined, "windows", [WINDOWS], WINDOWS],
  [undefined, "linux", [], "data/telahubd.yaml"],
];

for (const [given, os, present, path] of CASES) {
  Deno.test(`locateConfig() picks ${path} on ${os} with [${present}] present`, async () => {
    const env = (name: string) => name === "ProgramData" ? "D:\\Data" : undefined;
    const exists = (file: string) => Promise.resolve(present.includes(file));
    assert.equal(await locateConfig({ given, host: { os, env }, exists }), path);
  });
}
