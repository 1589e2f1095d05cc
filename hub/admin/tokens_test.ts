import assert from "node:assert/strict";
import { acl, identity, type RigRequest } from "../testing/mod.ts";
import { auth, withHub } from "./_fixture.ts";

const OWNER: RigRequest = { token: "owner-token" };
const as = (options: RigRequest): RigRequest => ({ ...OWNER, ...options });

Deno.test("POST tokens makes a token that works at once and is shown this once (hub 33, 35)", () =>
  withHub(async (hub) => {
    const body = { id: "bob", role: "admin", expiresAt: "2027-01-01T00:00:00+01:00" };
    const made = await hub.ask("POST /api/admin/tokens", as({ body }));
    assert.deepEqual([made.status, made.headers.get("etag")], [201, '"1"']);
    const { token } = made.body;
    assert.match(token, /^[0-9a-f]{64}$/);
    assert.deepEqual(made.body, { id: "bob", role: "admin", token, version: 1 });
    const list = await hub.ask("GET /api/admin/tokens", { token });
    assert.equal(list.status, 200);
    assert.deepEqual(list.body.tokens.at(-1), {
      id: "bob",
      role: "admin",
      tokenPreview: `${token.slice(0, 8)}...`,
      issuedAt: "2026-08-01T09:00:00Z",
      expiresAt: "2026-12-31T23:00:00Z",
    });
    assert.equal(hub.sockets.lines.join("\n").includes(token.slice(0, 8)), false);
    assert.equal(JSON.stringify(hub.sockets.audited).includes(token.slice(0, 8)), false);
  }));

const BAD: [body: unknown, status: number, words: RegExp][] = [
  [{}, 400, /id/],
  [{ id: "" }, 400, /id/],
  [{ id: 5 }, 400, /id/],
  [{ id: "." }, 400, /id/],
  [{ id: ".." }, 400, /id/],
  [{ id: "a\ud800" }, 400, /id/],
  [{ id: "a\u202eb" }, 400, /id/],
  [{ id: "a\u001bb" }, 400, /id/],
  [{ id: "bob", role: "viewer" }, 400, /role/],
  [{ id: "bob", role: "user" }, 400, /role/],
  [{ id: "bob", role: 5 }, 400, /role/],
  [{ id: "alice", expiresAt: "nonsense" }, 409, /already exists/],
  [{ id: "bob", expiresAt: "2027-01-01" }, 400, /2027-01-01T00:00:00Z/],
  [{ id: "bob", expiresAt: 5 }, 400, /2027-01-01T00:00:00Z/],
  ["[]", 400, /JSON object/],
];

for (const [body, status, words] of BAD) {
  Deno.test(`POST tokens of ${JSON.stringify(body)} is ${status} (hub 34)`, () =>
    withHub(async (hub) => {
      const answer = await hub.ask("POST /api/admin/tokens", as({ body }));
      assert.equal(answer.status, status);
      assert.match(answer.body.error, words);
      assert.deepEqual(hub.written, []);
    }));
}

for (const body of [{ role: null, expiresAt: null }, { role: "", expiresAt: "" }]) {
  Deno.test(`POST tokens takes ${JSON.stringify(body)} for a user without an end (hub 33)`, () =>
    withHub(async (hub) => {
      const made = await hub.ask("POST /api/admin/tokens", as({ body: { id: "bob", ...body } }));
      assert.deepEqual([made.status, made.body.role], [201, ""]);
      const { body: shown } = await hub.ask("GET /api/admin/access/bob", OWNER);
      assert.equal("expiresAt" in shown, false);
    }));
}

Deno.test("PATCH and pair-code take null for what is not given (hub 23, 40)", () =>
  withHub(async (hub) => {
    const path = "PATCH /api/admin/access/alice";
    const renamed = await hub.ask(path, as({ body: { id: "al", role: null } }));
    assert.deepEqual([renamed.status, renamed.body.id], [200, "al"]);
    const nothing = await hub.ask(path, as({ body: { id: null, role: null } }));
    assert.equal(nothing.status, 400);
    const body = { type: null, role: null, machines: null, expiresIn: null, machineId: "barn" };
    const made = await hub.ask("POST /api/admin/pair-code", as({ body }));
    assert.deepEqual([made.status, made.body.type], [200, "connect"]);
  }));

Deno.test("a token of a past end is made, and is not good (hub 15)", () =>
  withHub(async (hub) => {
    const body = { id: "late", role: "owner", expiresAt: "2026-08-01T08:59:59Z" };
    const { status, body: { token } } = await hub.ask("POST /api/admin/tokens", as({ body }));
    assert.equal(status, 201);
    assert.equal((await hub.ask("GET /api/status", { token })).status, 401);
    assert.equal((await hub.ask("GET /api/admin/tokens", { token })).status, 403);
  }));

Deno.test("revoke keeps the entry and its first time; the token is dead at once (hub 15, 36)", () =>
  withHub(async (hub) => {
    const revoke = () => hub.ask("POST /api/admin/tokens/alice/revoke", OWNER);
    const first = await revoke();
    const revokedAt = "2026-08-01T09:00:00Z";
    assert.deepEqual(first.body, { status: "revoked", id: "alice", revokedAt, version: 2 });
    assert.equal(first.headers.get("etag"), '"2"');
    assert.equal((await hub.ask("GET /api/status", { token: "alice-token" })).status, 401);
    hub.sockets.clock.advance(5000);
    const second = await revoke();
    assert.deepEqual(second.body, { status: "already-revoked", id: "alice", revokedAt });
    assert.equal(second.headers.get("etag"), null);
    const { body } = await hub.ask("GET /api/admin/access/alice", OWNER);
    assert.equal(body.revokedAt, revokedAt);
  }));

Deno.test("rotate makes a new token with the same grants, and a revoked identity good (hub 37, 38)", () =>
  withHub(async (hub) => {
    await hub.ask("POST /api/admin/tokens/agent/revoke", OWNER);
    const rotated = await hub.ask("POST /api/admin/rotate/agent", OWNER);
    assert.equal(rotated.headers.get("etag"), '"3"');
    const { token } = rotated.body;
    assert.deepEqual(rotated.body, { status: "rotated", id: "agent", token, version: 3 });
    assert.equal((await hub.ask("GET /api/status", { token: "agent-token" })).status, 401);
    assert.equal((await hub.ask("GET /api/status", { token })).status, 200);
    assert.deepEqual(hub.store.state.auth.machines.get("barn"), acl({ registerToken: token }));
  }));

const ROUTES: [request: string, status: number][] = [
  ["POST /api/admin/rotate/", 400],
  ["POST /api/admin/rotate/nobody", 404],
  ["GET /api/admin/rotate/alice", 405],
  ["POST /api/admin/rotate/with/slash", 200],
  ["POST /api/admin/rotate/a%20b", 404],
  ["DELETE /api/admin/tokens/alice", 405],
  ["POST /api/admin/tokens/alice", 400],
  ["POST /api/admin/tokens/", 400],
  ["POST /api/admin/tokens//revoke", 400],
  ["POST /api/admin/tokens/alice/burn", 404],
  ["GET /api/admin/tokens/alice/revoke", 405],
  ["POST /api/admin/tokens/nobody/revoke", 404],
  ["PUT /api/admin/tokens", 405],
];

for (const [request, status] of ROUTES) {
  Deno.test(`${request} is ${status} (hub 39)`, () =>
    withHub(async (hub) => {
      const answer = await hub.ask(request, OWNER);
      assert.equal(answer.status, status);
      if (status !== 200) assert.equal(typeof answer.body.error, "string");
    }, auth([identity("with/slash", "user")])));
}

for (const path of ["/api/admin/rotate", "/api/admin/agents"]) {
  Deno.test(`${path} leads to ${path}/`, () =>
    withHub(async (hub) => {
      const answer = await hub.ask(`POST ${path}?x=1`, OWNER);
      assert.deepEqual([answer.status, answer.headers.get("location")], [301, `${path}/?x=1`]);
    }));
}

const TRICKLED: [request: string, body: object][] = [
  ["POST /api/admin/tokens", { id: "mallory", role: "owner" }],
  ["PATCH /api/admin/access/alice", { role: "owner" }],
  ["PUT /api/admin/access/alice/machines/barn", { permissions: ["connect"] }],
  ["POST /api/admin/pair-code", {}],
  ["POST /api/admin/portals", {}],
  ["POST /api/admin/agents/barn/config-set", {}],
];

for (const [request, body] of TRICKLED) {
  Deno.test(`${request} is refused if its token is revoked before its body is there (hub 15)`, () =>
    withHub(async (hub) => {
      const agent = hub.sockets.agent("barn", { token: "agent-token" });
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const asked = hub.ask(request, { token: "admin-token", body: readable });
      await hub.ask("POST /api/admin/tokens/admin/revoke", OWNER);
      const written = hub.written.length;
      const writer = writable.getWriter();
      await writer.write(new TextEncoder().encode(JSON.stringify(body)));
      await writer.close();
      const answer = await asked;
      assert.deepEqual([answer.status, answer.body], [403, { error: "forbidden" }]);
      assert.deepEqual([hub.written.length, hub.codes.size, agent.sent], [written, 0, []]);
    }));
}
