import assert from "node:assert/strict";
import { defectText } from "./defect.ts";

Deno.test("defectText() says on one line what went wrong and where", () => {
  const text = defectText(new TypeError("first\nsecond"));
  assert.match(text, /^TypeError: first second at .*defect_test\.ts/);
  assert.ok(!text.includes("\n"));
  assert.ok(text.split(" at ").length <= 7);
  assert.equal(defectText("thrown text"), "thrown text");
});
