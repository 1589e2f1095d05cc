import assert from "node:assert/strict";
import { identity, type RigRequest } from "../testing/mod.ts";
import { auth, withHub } from "./_fixture.ts";

const OWNER: RigRequest = { token: "owner-token" };

const as = (options: RigRequest): RigRequest => ({ ...OWNER, ...options });

Deno.test("GET access lists all identities, GET access/ID one with its version (hub 20, 22)", () =>
  withHub(async (hub) => {
    const list = await hub.ask("GET /api/admin/access", OWNER);
    assert.equal(list.status, 200);
    assert.equal(list.headers.get("etag"), null);
    const ids = list.body.access.map(({ id }: { id: string }) => id);
    assert.deepEqual(ids, ["owner", "admin", "viewer", "alice", "agent"]);
    const one = await hub.ask("GET /api/admin/access/agent", OWNER);
    assert.equal(one.headers.get("etag"), '"1"');
    assert.deepEqual(one.body, list.body.access[4]);
    assert.deepEqual(one.body.machines, [{ machineId: "barn", permissions: ["register"] }]);
    assert.equal((await hub.ask("GET /api/admin/access/nobody", OWNER)).status, 404);
    assert.equal((await hub.ask("GET /api/admin/access/agent/machines", OWNER)).status, 404);
  }));

Deno.test("PATCH access/ID changes, counts, and refuses who has looked too early (hub 23, 25)", () =>
  withHub(async (hub) => {
    const path = "PATCH /api/admin/access/alice";
    const changed = await hub.ask(path, as({ body: { role: "admin", id: "al" } }));
    assert.deepEqual([changed.status, changed.headers.get("etag")], [200, '"2"']);
    assert.deepEqual(changed.body, { status: "updated", id: "al", version: 2 });
    const before = hub.store.state;
    const stale = await hub.ask(
      "PATCH /api/admin/access/al",
      as({ body: { role: "" }, headers: { "if-match": '"1"' } }),
    );
    assert.deepEqual([stale.status, stale.headers.get("etag")], [412, '"2"']);
    assert.equal(stale.body.id, "al");
    assert.equal(stale.body.version, 2);
    assert.equal(stale.body.current.role, "admin");
    assert.match(stale.body.error, /repeat/);
    assert.equal(hub.store.state, before);
  }));

for (const match of ['"1"', 'W/"1"', "1", "*", "garbage", '"01x"', ""]) {
  Deno.test(`If-Match ${match} lets a change of version 1 through (hub 24)`, () =>
    withHub(async (hub) => {
      const headers: Record<string, string> = match === "" ? {} : { "if-match": match };
      const { status } = await hub.ask(
        "PATCH /api/admin/access/alice",
        as({ body: { role: "user" }, headers }),
      );
      assert.equal(status, 200);
    }));
}

const BAD_PATCHES: unknown[] = [
  ...[{}, { id: "" }, { id: 5 }, { id: null, role: 7 }, { role: "boss" }, { id: "a\u0000b" }],
  ...[{ id: "x".repeat(257) }, [], "", "{", "5", "null", "\ufffe"],
];

for (const body of BAD_PATCHES) {
  Deno.test(`PATCH access/ID refuses ${JSON.stringify(body).slice(0, 40)} (hub 26)`, () =>
    withHub(async (hub) => {
      const before = hub.store.state;
      const { status, body: answer } = await hub.ask(
        "PATCH /api/admin/access/alice",
        as({ body }),
      );
      assert.equal(status, 400);
      assert.equal(typeof answer.error, "string");
      assert.equal(hub.store.state, before);
    }));
}

Deno.test("PATCH and DELETE refuse a taken id and the last owner, with the words clients look for (hub 27, 29)", () =>
  withHub(async (hub) => {
    const patch = (body: unknown) => hub.ask("PATCH /api/admin/access/owner", as({ body }));
    for (
      const [answer, words] of [
        [await patch({ id: "alice" }), /already exists/],
        [await patch({ role: "admin" }), /sole owner/],
        [await patch({ role: "admin", id: "boss" }), /sole owner/],
        [await hub.ask("DELETE /api/admin/access/owner", OWNER), /last remaining owner/],
        [await hub.ask("POST /api/admin/tokens/owner/revoke", OWNER), /last remaining owner/],
      ] as const
    ) {
      assert.equal(answer.status, 409);
      assert.match(answer.body.error, words);
    }
    assert.deepEqual(hub.written, []);
  }));

Deno.test("DELETE access/ID removes and scrubs, with a second owner also an owner (hub 30)", () =>
  withHub(async (hub) => {
    const removed = await hub.ask("DELETE /api/admin/access/agent", OWNER);
    assert.deepEqual(removed.body, { status: "removed", id: "agent" });
    assert.equal(removed.headers.get("etag"), null);
    assert.equal(hub.store.state.auth.machines.size, 0);
    assert.equal((await hub.ask("DELETE /api/admin/access/agent", OWNER)).status, 404);
    assert.equal((await hub.ask("DELETE /api/admin/access/second", OWNER)).status, 200);
  }, auth([identity("second", "owner")])));

Deno.test("PUT machines/M echoes, DELETE takes away; unknown words are ignored (hub 31, 32)", () =>
  withHub(async (hub) => {
    const path = "/api/admin/access/alice/machines/a%20b";
    const body = { permissions: ["manage", "fly", "connect"], services: ["SSH"] };
    const put = await hub.ask(`PUT ${path}`, as({ body }));
    assert.deepEqual([put.status, put.headers.get("etag")], [200, '"2"']);
    assert.deepEqual(put.body, {
      status: "updated",
      id: "alice",
      machineId: "a b",
      permissions: ["manage", "fly", "connect"],
      services: ["SSH"],
      version: 2,
    });
    const { body: shown } = await hub.ask("GET /api/admin/access/alice", OWNER);
    const permissions = ["connect", "manage"];
    assert.deepEqual(shown.machines, [{ machineId: "a b", permissions, services: ["SSH"] }]);
    const removed = await hub.ask(`DELETE ${path}`, OWNER);
    assert.deepEqual(removed.body, {
      status: "revoked",
      id: "alice",
      machineId: "a b",
      version: 3,
    });
    assert.equal((await hub.ask(`DELETE ${path}`, OWNER)).status, 404);
  }));

Deno.test("PUT machines/M says nothing of services that limit no connect (hub 31)", () =>
  withHub(async (hub) => {
    const body = { permissions: ["manage"], services: ["SSH"] };
    const put = await hub.ask("PUT /api/admin/access/alice/machines/barn", as({ body }));
    assert.deepEqual([put.status, "services" in put.body], [200, false]);
    assert.doesNotMatch(hub.sockets.lines.join() + JSON.stringify(hub.sockets.audited), /SSH/);
    const { body: shown } = await hub.ask("GET /api/admin/access/alice", OWNER);
    assert.deepEqual(shown.machines, [{ machineId: "barn", permissions: ["manage"] }]);
  }));

/** A change of each kind that a body says, padded with an unknown field to `lengthBytes`. */
const PADDED: [request: string, body: object, lengthBytes: number][] = [
  ["PATCH /api/admin/access/alice", { role: "admin" }, 4096],
  ["PUT /api/admin/access/alice/machines/barn", { permissions: [] }, 4096],
  ["POST /api/admin/tokens", { id: "bob" }, 4096],
  ["POST /api/admin/portals", {}, 4096],
  ["POST /api/pair", {}, 4096],
  ["POST /api/admin/pair-code", {}, 65_536],
];

for (const [request, body, lengthBytes] of PADDED) {
  Deno.test(`${request} takes ${lengthBytes} bytes and no more`, () =>
    withHub(async (hub) => {
      const padded = (length: number) => {
        const bare = JSON.stringify({ ...body, pad: "" });
        return JSON.stringify({ ...body, pad: "x".repeat(length - bare.length) });
      };
      const tooLong = await hub.ask(request, as({ body: padded(lengthBytes + 1) }));
      assert.deepEqual([tooLong.status, hub.written], [413, []]);
      const fits = await hub.ask(request, as({ body: padded(lengthBytes) }));
      assert.notEqual(fits.status, 413);
    }));
}

const BAD_GRANTS: [path: string, body: unknown, status: number][] = [
  ["alice/machines/", { permissions: [] }, 400],
  ["alice/machines/barn", "x", 400],
  ["alice/machines/barn", { permissions: "connect" }, 400],
  ["alice/machines/barn", { permissions: [5] }, 400],
  ["alice/machines/barn", { permissions: [], services: "SSH" }, 400],
  ["alice/machines/barn", { permissions: [], services: [""] }, 400],
  ["alice/machines/barn", { services: Array(257).fill("SSH") }, 400],
  ["nobody/machines/barn", { permissions: [] }, 404],
  ["alice/machines/%00", { permissions: [] }, 400],
  ["alice/machines/%ff", { permissions: [] }, 400],
];

for (const [path, body, status] of BAD_GRANTS) {
  Deno.test(`PUT access/${path} of ${JSON.stringify(body).slice(0, 40)} is ${status}`, () =>
    withHub(async (hub) => {
      assert.equal((await hub.ask(`PUT /api/admin/access/${path}`, as({ body }))).status, status);
      assert.deepEqual(hub.written, []);
    }));
}

Deno.test("a stale version is refused on each of the six guarded changes (hub 25)", () =>
  withHub(async (hub) => {
    const stale = { headers: { "if-match": '"9"' } };
    const grant = "/api/admin/access/agent/machines/barn";
    const requests: [string, RigRequest][] = [
      ["PATCH /api/admin/access/agent", { body: { role: "admin" } }],
      ["DELETE /api/admin/access/agent", {}],
      [`PUT ${grant}`, { body: { permissions: [] } }],
      [`DELETE ${grant}`, {}],
      ["POST /api/admin/tokens/agent/revoke", {}],
      ["POST /api/admin/rotate/agent", {}],
    ];
    for (const [request, options] of requests) {
      assert.equal((await hub.ask(request, as({ ...options, ...stale }))).status, 412, request);
    }
    assert.deepEqual(hub.written, []);
  }));

Deno.test("a change that cannot be written is not made, not visible, and said to be so", () =>
  withHub(async (hub) => {
    const { ConfigError } = await import("../../core/config/mod.ts");
    const before = hub.store.state;
    hub.writeError = new ConfigError("Cannot write hub.yaml: no space left on device", {
      code: "unwritable",
    });
    const failed = await hub.ask("DELETE /api/admin/access/alice", OWNER);
    assert.equal(failed.status, 500);
    assert.match(failed.body.error, /no space left.*nothing has changed/);
    assert.equal(hub.store.state, before);
    assert.equal(hub.sockets.audited.at(-1)?.result, "failed");
    hub.writeError = undefined;
    assert.equal((await hub.ask("DELETE /api/admin/access/alice", OWNER)).status, 200);
  }));

Deno.test("a change is neither visible nor acknowledged before it is written", () =>
  withHub(async (hub) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    hub.writing = promise;
    let isAnswered = false;
    const removal = hub.ask("DELETE /api/admin/access/alice", OWNER).then(() => isAnswered = true);
    const seen = await hub.ask("GET /api/admin/access/alice", OWNER);
    assert.deepEqual([seen.status, isAnswered], [200, false]);
    resolve();
    await removal;
    assert.equal((await hub.ask("GET /api/admin/access/alice", OWNER)).status, 404);
  }));

Deno.test("changes asked for at once are made one after the other and written together", () =>
  withHub(async (hub) => {
    const grants = Array.from({ length: 100 }, (_, i) =>
      hub.ask(
        `PUT /api/admin/access/alice/machines/m${i}`,
        as({ body: { permissions: ["connect"] } }),
      ));
    const versions = (await Promise.all(grants)).map(({ body }) => body.version);
    assert.deepEqual(versions.toSorted((a, b) => a - b), grants.map((_, i) => i + 2));
    assert.equal(hub.store.state.auth.machines.size, 101);
    assert.equal(hub.written.length, 100);
  }));

const ON_EACH_OTHER: [what: string, request: (id: string) => string, body?: object][] = [
  ["remove", (id) => `DELETE /api/admin/access/${id}`],
  ["revoke", (id) => `POST /api/admin/tokens/${id}/revoke`],
  ["demote", (id) => `PATCH /api/admin/access/${id}`, { role: "user" }],
];

for (const [what, request, body] of ON_EACH_OTHER) {
  Deno.test(`of three owners who ${what} each other at once, one stays (hub 29, 30)`, () =>
    withHub(async (hub) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      hub.writing = promise;
      const asked = ["owner", "second", "third"].map((id) => hub.ask(request(id), as({ body })));
      resolve();
      const statuses = (await Promise.all(asked)).map(({ status }) => status);
      assert.deepEqual(statuses, [200, 200, 409]);
      const owners = hub.store.identities.filter(({ role, revokedAtMs }) =>
        role === "owner" && revokedAtMs === undefined
      );
      assert.deepEqual(owners.map(({ id }) => id), ["third"]);
    }, auth([identity("second", "owner"), identity("third", "owner")])));
}
