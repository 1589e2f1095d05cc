import assert from "node:assert/strict";
import { isJsonObject, parseJsonObject } from "./json_object.ts";

Deno.test("isJsonObject() takes objects alone", () => {
  for (const text of ["{}", '{"a":[]}']) assert.equal(isJsonObject(JSON.parse(text)), true, text);
  for (const text of ["null", "[]", '"x"', "1", "true"]) {
    assert.equal(isJsonObject(JSON.parse(text)), false, text);
  }
  assert.equal(isJsonObject(undefined), false);
});

Deno.test("parseJsonObject() gives objects, and nothing for other JSON or none", () => {
  assert.deepEqual(parseJsonObject('{"a":[1]}'), { a: [1] });
  for (const text of ["null", "[]", '"x"', "1", "true", "", "{", '{"a":}', "<html>"]) {
    assert.equal(parseJsonObject(text), undefined, text);
  }
});
