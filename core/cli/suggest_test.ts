import assert from "node:assert/strict";
import { editDistance, nearest } from "./suggest.ts";

Deno.test("editDistance() counts insertions, deletions and replacements", () => {
  const table: [string, string, number][] = [
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["conect", "connect", 1],
    ["kitten", "sitting", 3],
    ["flaw", "lawn", 2],
  ];
  for (const [a, b, distance] of table) assert.equal(editDistance(a, b), distance, `${a} ${b}`);
});

Deno.test("nearest() gives the nearest candidate, or none when all are far", () => {
  const verbs = ["connect", "machines", "services", "status", "version", "help", "admin"];
  assert.equal(nearest("conect", verbs), "connect");
  assert.equal(nearest("machine", verbs), "machines");
  assert.equal(nearest("STATUS", verbs), "status");
  assert.equal(nearest("servces", verbs), "services");
  assert.equal(nearest("frobnicate", verbs), undefined);
  assert.equal(nearest("x", verbs), undefined);
  assert.equal(nearest("a".repeat(1e6), verbs), undefined);
});
