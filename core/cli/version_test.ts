import assert from "node:assert/strict";
import { VERSION, versionLine } from "./version.ts";

Deno.test("versionLine() names platforms as Go does (client 1)", () => {
  const table: [string, string, string][] = [
    ["linux", "x86_64", "linux/amd64"],
    ["darwin", "aarch64", "darwin/arm64"],
    ["windows", "x86_64", "windows/amd64"],
  ];
  for (const [os, arch, text] of table) {
    assert.equal(versionLine("tela", { os, arch }), `tela ${VERSION} ${text}`);
  }
});
