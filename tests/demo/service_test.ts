import assert from "node:assert/strict";
import { noise, sha256 } from "../rig/mod.ts";
import { demoService, GREETING } from "./service.ts";

const payload = noise(1000, 1);

function ask(path: string, init?: RequestInit): Promise<Response> {
  const info = { remoteAddr: { hostname: "127.0.0.1", port: 1, transport: "tcp" } } as const;
  const completed = Promise.resolve();
  const handler = demoService(payload);
  return Promise.resolve(
    handler(new Request(`http://barn${path}`, init), { ...info, completed }),
  );
}

Deno.test("demoService() greets, sends its payload and hashes what it gets", async () => {
  assert.equal(await (await ask("/")).text(), GREETING);
  assert.deepEqual(await (await ask("/payload")).bytes(), payload);
  const other = noise(5000, 2);
  assert.equal(await (await ask("/payload", { method: "PUT", body: other })).text(), sha256(other));
});

Deno.test("demoService() answers 404 to anything else", async () => {
  for (const [path, init] of [["/x", {}], ["/", { method: "POST" }]] as const) {
    const response = await ask(path, init);
    assert.equal(response.status, 404);
    await response.body?.cancel();
  }
});
