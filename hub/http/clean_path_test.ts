import assert from "node:assert/strict";
import { cleanPath } from "./clean_path.ts";

const CASES: [path: string, clean: string][] = [
  ["/", "/"],
  ["/a/b", "/a/b"],
  ["/a/b/", "/a/b/"],
  ["//evil.example/x", "/evil.example/x"],
  ["/a//b///c", "/a/b/c"],
  ["/a/./b/../c", "/a/c"],
  ["/../../etc/passwd", "/etc/passwd"],
  ["/a/..", "/"],
  ["/a/b/..", "/a/"],
  ["/a/.", "/a/"],
  ["/a%2f..%2fb", "/a%2f..%2fb"],
];

for (const [path, clean] of CASES) {
  Deno.test(`cleanPath() of ${path} is ${clean}`, () => {
    assert.equal(cleanPath(path), clean);
    assert.equal(cleanPath(clean), clean);
  });
}
