import assert from "node:assert/strict";
import { UsageError } from "../cli/mod.ts";
import { readPaths } from "./paths_flag.ts";

Deno.test("readPaths() allows all paths where none is named, else those that are", () => {
  assert.equal(readPaths(), undefined);
  assert.equal(readPaths(""), undefined);
  assert.deepEqual(readPaths("direct"), ["direct"]);
  assert.deepEqual(readPaths("WebSocket, udp-relay"), ["websocket", "udp-relay"]);
});

Deno.test("readPaths() refuses what is no path, and says what is", () => {
  for (const text of ["udp", "direct,", ",", "websocket;direct"]) {
    assert.throws(() => readPaths(text), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /must be of websocket, udp-relay, direct/);
      return true;
    });
  }
});
