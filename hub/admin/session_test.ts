import assert from "node:assert/strict";
import { HubRig } from "../testing/mod.ts";
import { auth } from "./_fixture.ts";

Deno.test("/api/admin/session says whose the token is, and notes signing in and out", async () => {
  const hub = new HubRig(auth());
  const table: [string, string, string | undefined][] = [
    ["GET", "owner", undefined],
    ["POST", "owner", "sign-in"],
    ["POST", "admin", "sign-in"],
    ["DELETE", "admin", "sign-out"],
  ];
  for (const [method, id, event] of table) {
    const before = hub.sockets.audited.length;
    const { status, body } = await hub.ask(`${method} /api/admin/session`, {
      token: `${id}-token`,
    });
    assert.deepEqual([status, body], [200, { id, role: id }]);
    const source = "192.0.2.7:4711";
    const expected = event === undefined ? [] : [{ event, identity: id, source }];
    assert.deepEqual(hub.sockets.audited.slice(before), expected);
  }
  hub.close();
});

Deno.test("/api/admin/session is for owners and admins, and no cookie of another page's request", async () => {
  const hub = new HubRig(auth());
  for (const token of ["viewer-token", "alice-token", "nobody", undefined]) {
    for (const method of ["GET", "POST", "DELETE"]) {
      const { status } = await hub.ask(`${method} /api/admin/session`, { token });
      assert.equal(status, 403, `${method} ${token}`);
    }
  }
  const headers = {
    cookie: "tela_viewer=owner-token",
    origin: "https://evil.example",
    host: "hub",
  };
  assert.equal((await hub.ask("POST /api/admin/session", { headers })).status, 403);
  assert.equal((await hub.ask("PUT /api/admin/session", { token: "owner-token" })).status, 405);
  hub.close();
});
