import assert from "node:assert/strict";
import { HubRig } from "../testing/mod.ts";
import { withHub } from "./_fixture.ts";

/** Every route that is for owners and admins alone, and a status that shows that it was reached. */
const ROUTES: [request: string, reached: number][] = [
  ["GET /api/admin/access", 200],
  ["GET /api/admin/access/x", 404],
  ["PATCH /api/admin/access/x", 400],
  ["DELETE /api/admin/access/x", 404],
  ["PUT /api/admin/access/x/machines/m", 400],
  ["DELETE /api/admin/access/x/machines/m", 404],
  ["GET /api/admin/tokens", 200],
  ["POST /api/admin/tokens", 400],
  ["POST /api/admin/tokens/x/revoke", 404],
  ["POST /api/admin/rotate/x", 404],
  ["POST /api/admin/pair-code", 400],
  ["GET /api/admin/logs", 200],
  ["GET /api/admin/portals", 200],
  ["POST /api/admin/portals", 400],
  ["DELETE /api/admin/portals/x", 404],
  ["POST /api/admin/restart", 501],
  ["GET /api/admin/session", 200],
  ["POST /api/admin/session", 200],
  ["DELETE /api/admin/session", 200],
  ["GET /api/admin/pair-codes", 200],
  ["DELETE /api/admin/pair-codes/x", 404],
  ["GET /api/admin/update", 200],
  ["PATCH /api/admin/update", 200],
  ["POST /api/admin/update", 501],
  ["GET /api/admin/update/sources", 200],
  ["GET /api/admin/update/sources/x", 400],
  ["PUT /api/admin/update/sources/x", 400],
  ["DELETE /api/admin/update/sources/x", 404],
  ["PUT /api/admin/channels/files/dev/x", 409],
  ["POST /api/admin/channels/publish", 409],
];

const TOKENS: [token: string | undefined, isAdmitted: boolean][] = [
  ["owner-token", true],
  ["admin-token", true],
  ["viewer-token", false],
  ["alice-token", false],
  ["agent-token", false],
  ["owner-toke", false],
  ["", false],
  [undefined, false],
];

for (const [request, reached] of ROUTES) {
  Deno.test(`${request} is for owners and admins, on an open hub for nobody (hub 12, 13, 14, 61)`, () =>
    withHub(async (hub) => {
      const headers = { origin: "https://c.example" };
      for (const [token, isAdmitted] of TOKENS) {
        const answer = await hub.ask(request, { token, headers });
        assert.equal(answer.status, isAdmitted ? reached : 403, token);
        if (!isAdmitted) assert.deepEqual(answer.body, { error: "forbidden" });
        const isWithoutCors = request.endsWith("pair-code");
        const allowed = answer.headers.get("access-control-allow-origin");
        assert.equal(allowed, isWithoutCors ? null : "https://c.example");
        if (!isWithoutCors) {
          assert.equal(answer.headers.get("access-control-expose-headers"), "ETag");
        }
      }
      const open = new HubRig({ tokens: [], machines: new Map() });
      assert.equal((await open.ask(request, { token: "owner-token" })).status, 403);
      open.close();
    }));
}

const ORDER: [request: string, whenUnknown: number][] = [
  ["PUT /api/admin/access", 403],
  ["PUT /api/admin/tokens", 403],
  ["GET /api/admin/tokens/x/revoke", 405],
  ["GET /api/admin/rotate/x", 405],
  ["GET /api/admin/pair-code", 405],
  ["OPTIONS /api/admin/pair-code", 405],
  ["OPTIONS /api/pair", 405],
  ["GET /api/pair", 405],
  ["OPTIONS /api/admin/access/x", 204],
  ["OPTIONS /api/admin/agents/m/logs", 204],
];

for (const [request, whenUnknown] of ORDER) {
  Deno.test(`${request} without a token is ${whenUnknown}`, () =>
    withHub(async (hub) => {
      const { status, headers } = await hub.ask(request);
      assert.equal(status, whenUnknown);
      assert.equal(headers.has("allow"), whenUnknown === 405);
    }));
}

Deno.test("1,000 wrong tokens from one address are throttled and audited, others are not affected", () =>
  withHub(async (hub) => {
    const statuses = new Map<number, number>();
    for (let i = 0; i < 1000; i++) {
      const path = i % 2 === 0 ? "/api/admin/access" : "/api/status";
      const answer = await hub.ask(`GET ${path}`, {
        token: `wrong-${i}`,
        source: `192.0.2.7:${i}`,
      });
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status === 429) assert.equal(answer.headers.get("retry-after"), "60");
    }
    assert.deepEqual([...statuses].sort(), [[401, 10], [403, 10], [429, 980]]);
    const owner = { token: "owner-token" };
    assert.equal(
      (await hub.ask("GET /api/status", { ...owner, source: "192.0.2.8:1" })).status,
      200,
    );
    assert.equal(
      (await hub.ask("GET /api/status", { ...owner, source: "192.0.2.7:1" })).status,
      429,
    );
    assert.equal(hub.sockets.audited.length, 21);
    const client = hub.sockets.client("barn", { token: "wrong" });
    const message = "Too many attempts with wrong tokens from this address; try again in 60 s";
    assert.deepEqual(client.takeMessages(), [{ type: "error", message }], "by WebSocket neither");
    hub.sockets.clock.advance(60_000);
    assert.equal(
      (await hub.ask("GET /api/status", { ...owner, source: "192.0.2.7:1" })).status,
      200,
    );
  }));

Deno.test("an address has 2,000 requests at once, then waits; others and this machine are not held up", () =>
  withHub(async (hub) => {
    const ask = async (source: string) =>
      (await hub.ask("GET /api/admin/session", { token: "owner-token", source })).status;
    const statuses = new Map<number, number>();
    for (let i = 0; i < 2500; i++) {
      const status = await ask(`192.0.2.66:${i}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    assert.deepEqual([...statuses], [[200, 2000], [429, 500]]);
    assert.equal(await ask("192.0.2.7:1"), 200);
    for (let i = 0; i < 2500; i++) assert.equal(await ask(`127.0.0.1:${i}`), 200);
    hub.sockets.clock.advance(20_000);
    assert.equal(await ask("192.0.2.66:1"), 200);
  }));

Deno.test("a change that a cookie authorises must come from a page of this host", () =>
  withHub(async (hub) => {
    const cookie = "tela_viewer=owner-token";
    const remove = (origin?: string) =>
      hub.ask("DELETE /api/admin/access/alice", {
        headers: { cookie, host: "hub.example", ...(origin !== undefined && { origin }) },
      });
    const forged = await remove("https://evil.example");
    assert.equal(forged.status, 403);
    assert.match(forged.body.error, /another host/);
    assert.equal((await remove("https://hub.example")).status, 200);
    assert.equal((await remove()).status, 404, "programs send no origin");
  }));

Deno.test("who is known and refused is recorded with what was asked for", () =>
  withHub(async (hub) => {
    await hub.ask("GET /api/admin/access", { token: "alice-token" });
    assert.deepEqual(hub.sockets.audited, [{
      event: "denial",
      result: "refused",
      identity: "alice",
      source: "192.0.2.7:4711",
      reason: "not an owner or admin",
      detail: "/api/admin/access",
    }]);
  }));

Deno.test("a change is recorded with who made it, from where, and what came of it", () =>
  withHub(async (hub) => {
    const grant = "PUT /api/admin/access/alice/machines/barn";
    await hub.ask(grant, { token: "admin-token", body: { permissions: ["connect"] } });
    await hub.ask("DELETE /api/admin/access/owner", { token: "admin-token" });
    const by = { identity: "admin", source: "192.0.2.7:4711" };
    assert.deepEqual(hub.sockets.audited, [
      { ...by, event: "grant", machine: "barn", detail: '"alice" may connect on "barn"' },
      {
        ...by,
        event: "identity-remove",
        machine: undefined,
        detail: '"owner" removed',
        result: "refused",
        reason: "last-owner",
      },
    ]);
  }));
