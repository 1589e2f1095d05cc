import assert from "node:assert/strict";
import process from "node:process";
import { getSystemErrorMap } from "node:util";
import { findTcp, runtimeTcp, systemError } from "./runtime_tcp.ts";

const binding = (process as unknown as { binding: (name: string) => object }).binding;

Deno.test("the runtime that the tests run on has the TCP that is known", () => {
  assert.notEqual(runtimeTcp, null);
});

Deno.test("findTcp() gives null where anything is missing, or nothing is told", () => {
  assert.notEqual(findTcp(binding), null);
  const names = ["tcp_wrap", "stream_wrap"];
  for (const part of names.flatMap((name) => Object.keys(binding(name)))) {
    const tcp = findTcp((name) => ({ ...binding(name), [part]: undefined }));
    const isUnused =
      ["default", "kArrayBufferOffset", "kBytesWritten", "socketType"].includes(part) ||
      part.startsWith("kNum");
    assert.equal(tcp === null, !isUnused, part);
  }
  const withoutMethods = findTcp((name) => ({ ...binding(name), TCP: class {} }));
  assert.equal(withoutMethods, null);
  assert.equal(findTcp(() => assert.fail("no such module")), null);
});

/** Number of an error on this system. */
function statusOf(code: string): number {
  return [...getSystemErrorMap()].find(([, [name]]) => name === code)![0];
}

Deno.test("systemError() has the words and the code of node:net", () => {
  const errors: [syscall: string, status: number, message: string, code: string][] = [
    ["connect", statusOf("ECONNREFUSED"), "connect ECONNREFUSED 127.0.0.1:9", "ECONNREFUSED"],
    [
      "listen",
      statusOf("EADDRINUSE"),
      "listen EADDRINUSE: address already in use 127.0.0.1:9",
      "EADDRINUSE",
    ],
    ["read", -9999, "read errno -9999 127.0.0.1:9", "errno -9999"],
  ];
  for (const [syscall, status, message, code] of errors) {
    const error = systemError(syscall, status, "127.0.0.1:9");
    assert.deepEqual([error.message, Object(error).code], [message, code]);
  }
});
