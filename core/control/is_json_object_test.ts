import assert from "node:assert/strict";
import { isJsonObject } from "./is_json_object.ts";

Deno.test("isJsonObject() takes objects alone", () => {
  for (const text of ["{}", '{"a":[]}']) assert.equal(isJsonObject(JSON.parse(text)), true, text);
  for (const text of ["null", "[]", '"x"', "1", "true"]) {
    assert.equal(isJsonObject(JSON.parse(text)), false, text);
  }
  assert.equal(isJsonObject(undefined), false);
});
