import assert from "node:assert/strict";
import { ConfigError } from "../../core/config/mod.ts";
import { HubRig } from "../testing/mod.ts";
import { auth } from "./_fixture.ts";

const OWNER = { token: "owner-token" };

function setUp(check: () => Promise<void>) {
  let begun = 0;
  const hub = new HubRig(auth(), { restart: { check, begin: () => void begun++ } });
  return { hub, begun: () => begun };
}

Deno.test("POST restart answers first and begins 500 ms later, recorded with who asked (hub 1.6)", async () => {
  const { hub, begun } = setUp(() => Promise.resolve());
  const { status, body } = await hub.ask("POST /api/admin/restart", OWNER);
  assert.deepEqual([status, body], [200, { ok: true, message: "restarting" }]);
  hub.sockets.clock.advance(499);
  assert.equal(begun(), 0);
  hub.sockets.clock.advance(1);
  assert.equal(begun(), 1);
  const [record] = hub.sockets.audited.filter(({ detail }) => detail === "restart");
  assert.deepEqual([record?.event, record?.identity], ["admin-change", "owner"]);
  hub.close();
});

Deno.test("POST restart is refused while the configuration could not be used", async () => {
  const { hub, begun } = setUp(() =>
    Promise.reject(new ConfigError("Cannot parse hub.yaml: line 3"))
  );
  const { status, body } = await hub.ask("POST /api/admin/restart", OWNER);
  assert.equal(status, 409);
  assert.match(body.error, /^cannot restart: Cannot parse hub\.yaml: line 3; the hub goes on/);
  hub.sockets.clock.advance(10_000);
  assert.equal(begun(), 0);
  const [record] = hub.sockets.audited.filter(({ detail }) => detail === "restart");
  assert.equal(record?.result, "refused");
  hub.close();
});

Deno.test("GET restart is 405, after the token was looked at", async () => {
  const { hub } = setUp(() => Promise.resolve());
  assert.equal((await hub.ask("GET /api/admin/restart")).status, 403);
  assert.equal((await hub.ask("GET /api/admin/restart", OWNER)).status, 405);
  hub.close();
});
