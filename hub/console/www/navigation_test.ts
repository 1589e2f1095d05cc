import assert from "node:assert/strict";
import { nextIndex } from "./menu.js";
import { viewOf, VIEWS } from "./tabs.js";
import { effectiveTheme, themeChoice } from "./theme.js";

Deno.test("nextIndex() goes round with arrows, and to the ends", () => {
  const row = { index: 0, count: 3, axis: "horizontal" } as const;
  const table: [
    string,
    typeof row | { index: number; count: number; axis: "vertical" },
    unknown,
  ][] = [
    ["ArrowRight", row, 1],
    ["ArrowLeft", row, 2],
    ["End", row, 2],
    ["ArrowDown", row, undefined],
    ["a", row, undefined],
    ["ArrowDown", { index: 2, count: 3, axis: "vertical" }, 0],
    ["ArrowUp", { index: 2, count: 3, axis: "vertical" }, 1],
    ["Home", { index: 2, count: 3, axis: "vertical" }, 0],
    ["End", { index: -1, count: 0, axis: "vertical" }, undefined],
  ];
  for (const [key, where, expected] of table) assert.equal(nextIndex(key, where), expected, key);
});

Deno.test("viewOf() takes a view from the address, and else the first", () => {
  assert.equal(viewOf("#audit"), "audit");
  for (const hash of ["", "#", "#nothing", "#token=abc"]) assert.equal(viewOf(hash), VIEWS[0]);
});

Deno.test("effectiveTheme() follows the system unless somebody has chosen", () => {
  assert.equal(effectiveTheme("system", true), "dark");
  assert.equal(effectiveTheme("system", false), "light");
  assert.equal(effectiveTheme("light", true), "light");
  assert.deepEqual(["dark", "blue", null].map(themeChoice), ["dark", "system", "system"]);
});
