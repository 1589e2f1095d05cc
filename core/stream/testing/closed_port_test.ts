import assert from "node:assert/strict";
import { dialTcp, listenTcp } from "../mod.ts";
import { ClosedPort } from "./closed_port.ts";

Deno.test("ClosedPort refuses connections, and nobody can listen on it", async () => {
  using closed = await ClosedPort.take();
  const address = { hostname: "127.0.0.1", port: closed.port };
  await assert.rejects(dialTcp(address), { code: "ECONNREFUSED" });
  await assert.rejects(listenTcp(address, (stream) => stream.close()), { code: "EADDRINUSE" });
});
