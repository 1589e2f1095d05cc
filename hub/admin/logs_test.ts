import assert from "node:assert/strict";
import { HubRig } from "../testing/mod.ts";
import { auth } from "./_fixture.ts";

Deno.test("/api/admin/logs gives as many lines as asked for, 100 by default (hub 60)", async () => {
  const hub = new HubRig(auth());
  const lines = async (query: string) =>
    (await hub.ask(`GET /api/admin/logs${query}`, { token: "owner-token" })).body.lines;
  assert.deepEqual(await lines("?lines=2"), ["line 1199", "line 1200"]);
  for (const query of ["", "?lines=0", "?lines=-5", "?lines=x", "?lines="]) {
    assert.equal((await lines(query)).length, 100, query);
  }
  assert.equal((await lines("?lines=99999")).length, 1000);
  const posted = await hub.ask("POST /api/admin/logs", { token: "owner-token" });
  assert.equal(posted.status, 405);
  hub.close();
});
