import assert from "node:assert/strict";
import { ConfigError } from "../config/mod.ts";
import { errorLine, exitCodeOf, UsageError } from "./errors.ts";

Deno.test("UsageError and ConfigError carry their names and exit codes", () => {
  assert.equal(new UsageError("x").name, "UsageError");
  assert.equal(new ConfigError("x").name, "ConfigError");
  const errors = [new UsageError("x"), new ConfigError("x"), new Error("x"), "x", undefined];
  assert.deepEqual(errors.map(exitCodeOf), [2, 3, 1, 1, 1]);
  assert.equal(exitCodeOf(new ConfigError("x", { code: "absent" })), 3);
  assert.equal(exitCodeOf(Object.assign(new Error("x"), { exitCode: 70 })), 1);
});

Deno.test("errorLine() is one line without a final stop, and keeps the capitals of names", () => {
  const table: [unknown, string][] = [
    [new Error("Could not dial: refused."), "Error: could not dial: refused"],
    [new Error("MTU 12 is too small"), "Error: MTU 12 is too small"],
    [new Error("WebSocket closed"), "Error: WebSocket closed"],
    [new Error("Timeout"), "Error: timeout"],
    [new Error("a\r\nb\x1b[2J..."), "Error: a b [2J"],
    [new Error(""), "Error: error"],
    ["text", "Error: text"],
    [undefined, "Error: unknown"],
  ];
  for (const [error, line] of table) assert.equal(errorLine(error, { verbose: false }), line);
});

Deno.test("errorLine() ends when causes form a ring", () => {
  const error = new Error("outer");
  error.cause = new Error("inner", { cause: error });
  assert.equal(errorLine(error, { verbose: true }), "Error: outer: inner");
});
