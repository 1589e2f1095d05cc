import assert from "node:assert/strict";
import { contentType, isUnchanged, rangeOf } from "./respond.ts";

const request = (headers: Record<string, string>) => new Request("http://hub/", { headers });

Deno.test("contentType() goes by the ending, and is bytes where that says nothing", () => {
  assert.equal(contentType("a/b/index.HTML"), "text/html; charset=utf-8");
  assert.equal(contentType("main.js"), "text/javascript; charset=utf-8");
  for (const name of ["file", "a.b/file", "x.constructor", "x."]) {
    assert.equal(contentType(name), "application/octet-stream", name);
  }
});

Deno.test("isUnchanged() compares tags first, then times", () => {
  const facts = { name: "a", etag: '"x"', modifiedMs: Date.parse("2026-08-01T09:00:00.500Z") };
  const time = "Sat, 01 Aug 2026 09:00:00 GMT";
  const before = "Sat, 01 Aug 2026 08:59:59 GMT";
  const table: [Record<string, string>, boolean][] = [
    [{}, false],
    [{ "if-none-match": '"x"' }, true],
    [{ "if-none-match": 'W/"x"' }, true],
    [{ "if-none-match": '"a", "x"' }, true],
    [{ "if-none-match": "*" }, true],
    [{ "if-none-match": '"y"' }, false],
    [{ "if-none-match": '"y"', "if-modified-since": time }, false],
    [{ "if-modified-since": time }, true],
    [{ "if-modified-since": before }, false],
    [{ "if-modified-since": "soon" }, false],
  ];
  for (const [headers, expected] of table) {
    assert.equal(isUnchanged(request(headers), facts), expected, JSON.stringify(headers));
  }
  const builtIn = { name: "a", etag: '"x"' };
  assert.equal(isUnchanged(request({ "if-modified-since": time }), builtIn), false);
});

Deno.test("rangeOf() reads one range, and takes what it cannot read for all", () => {
  const table: [string, unknown][] = [
    ["bytes=0-3", { start: 0, end: 4 }],
    ["bytes=4-", { start: 4, end: 10 }],
    ["bytes=8-99", { start: 8, end: 10 }],
    ["bytes=-3", { start: 7, end: 10 }],
    ["bytes=-99", { start: 0, end: 10 }],
    ["bytes=10-", "none"],
    ["bytes=-0", "none"],
    ["bytes=3-1", undefined],
    ["bytes=-", undefined],
    ["bytes=0-1,3-4", undefined],
    ["lines=0-1", undefined],
  ];
  for (const [range, expected] of table) {
    const found = rangeOf(request({ range }), { sizeBytes: 10, etag: '"x"' });
    assert.deepEqual(found, expected, range);
  }
});

Deno.test("rangeOf() is for all of a file that has changed since", () => {
  const headers = { range: "bytes=0-3", "if-range": '"old"' };
  assert.equal(rangeOf(request(headers), { sizeBytes: 10, etag: '"x"' }), undefined);
});
