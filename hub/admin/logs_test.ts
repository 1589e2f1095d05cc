import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import { LogRing } from "../../core/log/mod.ts";
import { Access } from "../access/mod.ts";
import type { Role, TokenEntry } from "../config/mod.ts";
import { adminRoutes } from "./admin_routes.ts";
import { Router } from "./router.ts";

const none = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };
const entry = (id: string, role: Role) => ({ ...none, id, token: `${id}-token`, role });

function setUp(tokens: TokenEntry[]) {
  const access = new Access({ tokens, machines: new Map() });
  const logs = new LogRing();
  for (let i = 1; i <= 1200; i++) logs.push(`line ${i}`);
  const routes = adminRoutes({ access: () => access, logs, clock: new ManualClock() });
  const router = new Router(routes, { onError: (error) => assert.fail(String(error)) });
  return (token: string, query = "", method = "GET") => {
    const headers = { authorization: `Bearer ${token}`, origin: "https://c.example" };
    const request = new Request(`http://hub/api/admin/logs${query}`, { method, headers });
    return router.handle(request, { remoteAddress: "" });
  };
}

Deno.test("/api/admin/logs is for owners and admins, on an open hub for nobody (hub 12, 13, 14, 61)", async () => {
  const ask = setUp([
    entry("owner", "owner"),
    entry("admin", "admin"),
    entry("v", "viewer"),
    entry("u", "user"),
  ]);
  for (const token of ["owner-token", "admin-token"]) {
    const response = await ask(token);
    assert.equal(response.status, 200);
    await response.body?.cancel();
  }
  for (const refused of ["", "x", "v-token", "u-token"].map((token) => ask(token))) {
    const response = await refused;
    assert.equal(response.status, 403);
    assert.equal(response.headers.get("access-control-allow-origin"), "https://c.example");
    assert.deepEqual(await response.json(), { error: "forbidden" });
  }
  const open = await setUp([])("owner-token");
  assert.equal(open.status, 403);
  await open.body?.cancel();
});

Deno.test("/api/admin/logs gives as many lines as asked for, 100 by default (hub 60)", async () => {
  const ask = setUp([entry("owner", "owner")]);
  const lines = async (query: string) => (await (await ask("owner-token", query)).json()).lines;
  assert.deepEqual(await lines("?lines=2"), ["line 1199", "line 1200"]);
  for (const query of ["", "?lines=0", "?lines=-5", "?lines=x", "?lines="]) {
    assert.equal((await lines(query)).length, 100, query);
  }
  assert.equal((await lines("?lines=99999")).length, 1000);
  const posted = await ask("owner-token", "", "POST");
  assert.equal(posted.status, 405);
  await posted.body?.cancel();
});
