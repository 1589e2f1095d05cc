import assert from "node:assert/strict";
import { ConfigError } from "../../core/config/mod.ts";
import { acl, type HubRig, type RigRequest } from "../testing/mod.ts";
import { withHub } from "./_fixture.ts";

const OWNER: RigRequest = { token: "owner-token" };
const CODE = /^[0-9A-Z]{4}-[0-9A-Z]{4}$/;

const make = (hub: HubRig, body: object, token = "owner-token") =>
  hub.ask("POST /api/admin/pair-code", { token, body });

const redeem = (hub: HubRig, body: unknown, source?: string) =>
  hub.ask("POST /api/pair", { body, ...(source !== undefined && { source }) });

Deno.test("a code is by default for all machines and ten minutes, and works once (hub 40, 43, 44, 45, 47)", () =>
  withHub(async (hub) => {
    const made = await make(hub, {});
    assert.equal(made.status, 200);
    const { code } = made.body;
    assert.match(code, CODE);
    assert.deepEqual(made.body, { code, type: "connect", expiresAt: "2026-08-01T09:10:00Z" });
    const { status, body } = await redeem(hub, { code: ` ${code.toLowerCase()}` });
    assert.equal(status, 200);
    const { token } = body;
    assert.match(token, /^[0-9a-f]{64}$/);
    assert.deepEqual(body, { token, identity: "paired-user-1785574800", type: "connect" });
    hub.sockets.agent("barn", { token: "agent-token" });
    const { body: seen } = await hub.ask("GET /api/status", { token });
    assert.equal(seen.machines.length, 1);
    assert.equal((await redeem(hub, { code })).status, 401);
    const said = hub.sockets.lines.join("\n") + JSON.stringify(hub.sockets.audited);
    for (const secret of [code, token, "owner-token"]) assert.equal(said.includes(secret), false);
  }));

Deno.test("a register code is for its machine, and keeps all grants of others (hub 42, 43, 45, 46)", () =>
  withHub(async (hub) => {
    const grant = { permissions: ["connect", "manage"] };
    await hub.ask("PUT /api/admin/access/alice/machines/barn", { ...OWNER, body: grant });
    const { body: { code } } = await make(hub, { type: "register", machineId: "barn" });
    assert.equal((await redeem(hub, { code, machineId: "shed" })).status, 401);
    const { body } = await redeem(hub, { code, machineId: "barn" });
    assert.equal(body.identity, "barn-agent");
    assert.equal(body.type, "register");
    assert.deepEqual(
      hub.store.state.auth.machines.get("barn"),
      acl({
        registerToken: body.token,
        connect: [{ token: "alice-token", services: [] }],
        manageTokens: ["alice-token"],
      }),
    );
    const second = await make(hub, { type: "register", machineId: "barn" });
    const again = await redeem(hub, { code: second.body.code });
    assert.equal(again.body.identity, "barn-2-agent", "the machine need not be named");
  }));

const LIFETIMES: [expiresIn: unknown, expiresAt: string | number][] = [
  [600, "09:10:00Z"],
  [0, "09:10:00Z"],
  [-5, "09:10:00Z"],
  [null, "09:10:00Z"],
  ["", "09:10:00Z"],
  [1, "09:00:01Z"],
  ["90s", "09:01:30Z"],
  ["1m30s", "09:01:30Z"],
  ["24h", "2026-08-02T09:00:00Z"],
  ["7d", "2026-08-08T09:00:00Z"],
  ["0.5d", "21:00:00Z"],
  [604_800, "2026-08-08T09:00:00Z"],
  [604_801, 400],
  ["8d", 400],
  ["600", 400],
  ["soon", 400],
  [true, 400],
  [[], 400],
];

for (const [expiresIn, expected] of LIFETIMES) {
  Deno.test(`a code with expiresIn ${JSON.stringify(expiresIn)} ends at ${expected} (hub 40, 41)`, () =>
    withHub(async (hub) => {
      const { status, body } = await make(hub, { expiresIn });
      if (typeof expected === "number") assert.equal(status, expected);
      else assert.ok(body.expiresAt.endsWith(expected), body.expiresAt);
    }));
}

const REFUSED: [body: object, status: number, by?: string][] = [
  [{ type: "other" }, 400],
  [{ type: "register" }, 400],
  [{ type: "register", machineId: "" }, 400],
  [{ type: "register", machineId: "*" }, 400],
  [{ role: "boss" }, 400],
  [{ role: "owner" }, 403, "admin-token"],
  [{ role: "owner" }, 200],
  [{ role: "admin" }, 200, "admin-token"],
  [{ machines: [""] }, 400],
  [{ machines: ["a\u0000"] }, 400],
  [{ fingerprint: "f".repeat(64) }, 400],
  [{ fingerprint: "f".repeat(64), machines: ["*"] }, 400],
  [{ fingerprint: "f".repeat(64), machines: ["a", "b"] }, 400],
  [{ fingerprint: "\r\n".repeat(20), machines: ["a"] }, 400],
];

for (const [body, status, by] of REFUSED) {
  Deno.test(`a code of ${JSON.stringify(body)} by ${by ?? "an owner"} is ${status}`, () =>
    withHub(async (hub) => assert.equal((await make(hub, body, by)).status, status)));
}

const MACHINES: [body: object, machines: string[]][] = [
  [{ machines: ["a", "b", "a", 5] }, ["a", "b"]],
  [{ machines: [] }, ["*"]],
  [{ machines: "a" }, ["*"]],
  [{ machineId: "a", machines: ["*"] }, ["*"]],
  [{ machineId: "a" }, ["a"]],
];

for (const [body, machines] of MACHINES) {
  Deno.test(`a code of ${JSON.stringify(body)} is for ${machines}`, () =>
    withHub(async (hub) => {
      const { body: { code } } = await make(hub, body);
      const { body: { identity } } = await redeem(hub, { code });
      const { body: shown } = await hub.ask(`GET /api/admin/access/${identity}`, OWNER);
      const listed = shown.machines.map(({ machineId }: { machineId: string }) => machineId);
      assert.deepEqual(listed, machines);
    }));
}

Deno.test("a code can carry the fingerprint of the agent, as one more text", () =>
  withHub(async (hub) => {
    const fingerprint = "ab".repeat(32);
    const { body: { code } } = await make(hub, { machines: ["barn"], fingerprint });
    const { body } = await redeem(hub, { code });
    assert.deepEqual([body.fingerprint, body.machineId], [fingerprint, "barn"]);
    assert.ok(Object.values(body).every((value) => typeof value === "string"));
  }));

for (const body of ["", "{", "[]", "{}", { code: "" }, { code: 5 }, { code: " " }]) {
  Deno.test(`POST /api/pair of ${JSON.stringify(body)} is 400`, () =>
    withHub(async (hub) => assert.equal((await redeem(hub, body)).status, 400)));
}

Deno.test("a code that has expired is refused (hub 43)", () =>
  withHub(async (hub) => {
    const { body: { code } } = await make(hub, { expiresIn: 1 });
    hub.sockets.clock.advance(1001);
    assert.equal((await redeem(hub, { code })).status, 401);
  }));

Deno.test("10,000 guessed codes from one address are locked out, others redeem theirs", () =>
  withHub(async (hub) => {
    const { body: { code } } = await make(hub, {});
    const { body: { code: other } } = await make(hub, {});
    const statuses = new Map<number, number>();
    for (let i = 0; i < 10_000; i++) {
      const guess = `AAAA-${i.toString().padStart(4, "0")}`;
      const { status } = await redeem(hub, { code: guess }, `192.0.2.66:${i}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    assert.deepEqual([...statuses], [[401, 10], [429, 9990]]);
    const locked = await redeem(hub, { code }, "192.0.2.66:1");
    assert.equal(locked.status, 429, "not even the right one is looked at");
    assert.equal(locked.headers.get("retry-after"), "900");
    assert.equal((await redeem(hub, { code }, "192.0.2.7:1")).status, 200);
    const reasons = hub.sockets.audited.map(({ event, reason }) => `${event}: ${reason}`);
    assert.equal(reasons.filter((text) => text === "auth-failure: wrong pairing code").length, 10);
    assert.equal(
      reasons.filter((text) => text === "denial: too many wrong pairing codes").length,
      1,
    );
    for (let i = 0; i < 50; i++) await redeem(hub, { code: "AAAA-0000" }, `198.51.100.${i}:1`);
    const inTotal = await redeem(hub, { code: other }, "192.0.2.7:1");
    assert.equal(inTotal.status, 429, "60 addresses together lock all");
    assert.equal(inTotal.headers.get("retry-after"), "60");
    hub.sockets.clock.advance(60_000);
    assert.equal((await redeem(hub, { code: other }, "192.0.2.7:1")).status, 200);
  }));

Deno.test("a code is not used up when its token cannot be written, and two at once get one", () =>
  withHub(async (hub) => {
    const { body: { code } } = await make(hub, {});
    hub.writeError = new ConfigError("Cannot write hub.yaml: no space left on device", {
      code: "unwritable",
    });
    assert.equal((await redeem(hub, { code })).status, 500);
    hub.writeError = undefined;
    const answers = await Promise.all([redeem(hub, { code }), redeem(hub, { code })]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401]);
  }));

Deno.test("open codes are listed without the codes, and can be withdrawn (hub 43, 79)", () =>
  withHub(async (hub) => {
    const { body: { code } } = await make(hub, { machineId: "barn" }, "admin-token");
    const { body: { code: other } } = await make(hub, { type: "register", machineId: "shed" });
    const listed = await hub.ask("GET /api/admin/pair-codes", OWNER);
    const { codes } = listed.body;
    const shared = { role: "user", expiresAt: "2026-08-01T09:10:00Z" };
    const expected = [
      { ...shared, type: "connect", machines: ["barn"], createdBy: "admin" },
      { ...shared, type: "register", machines: ["shed"], createdBy: "owner" },
    ];
    const sorted = codes.toSorted((a: { type: string }, b: { type: string }) =>
      a.type < b.type ? -1 : 1
    );
    assert.deepEqual(sorted.map(({ id: _, ...rest }: { id: string }) => rest), expected);
    const gone = await hub.ask(`DELETE /api/admin/pair-codes/${sorted[0].id}`, OWNER);
    assert.deepEqual([gone.status, gone.body], [200, { status: "removed", id: sorted[0].id }]);
    assert.equal((await redeem(hub, { code })).status, 401);
    const again = await hub.ask(`DELETE /api/admin/pair-codes/${sorted[0].id}`, OWNER);
    assert.equal(again.status, 404);
    const said = JSON.stringify([codes, hub.sockets.audited, hub.sockets.lines]);
    assert.match(said, /pairing code withdrawn: connect for/);
    for (const secret of [code, other]) assert.equal(said.includes(secret), false);
    await hub.ask("POST /api/admin/tokens/admin/revoke", OWNER);
    assert.equal((await redeem(hub, { code: other })).status, 200);
  }));

const MAKER_LOSES: [what: string, request: string, body?: object][] = [
  ["is revoked", "POST /api/admin/tokens/admin/revoke"],
  ["is removed", "DELETE /api/admin/access/admin"],
  ["has another token", "POST /api/admin/rotate/admin"],
  ["is an admin no more", "PATCH /api/admin/access/admin", { role: "user" }],
];

for (const [what, request, change] of MAKER_LOSES) {
  Deno.test(`a code is worth nothing once its maker ${what}, and others are as before`, () =>
    withHub(async (hub) => {
      const { body: { code } } = await make(hub, { role: "admin" }, "admin-token");
      const { body: { code: other } } = await make(hub, {});
      const body = change === undefined ? {} : { body: change };
      assert.equal((await hub.ask(request, { ...OWNER, ...body })).status, 200);
      assert.equal((await redeem(hub, { code })).status, 401);
      assert.equal((await redeem(hub, { code: other })).status, 200);
    }));
}

Deno.test("a code for an owner is worth nothing once its maker is an admin", () =>
  withHub(async (hub) => {
    await hub.ask("PATCH /api/admin/access/admin", { ...OWNER, body: { role: "owner" } });
    const { body: { code } } = await make(hub, { role: "owner" }, "admin-token");
    await hub.ask("PATCH /api/admin/access/admin", { ...OWNER, body: { role: "admin" } });
    assert.equal((await redeem(hub, { code })).status, 401);
    await hub.ask("PATCH /api/admin/access/admin", {
      ...OWNER,
      body: { role: "owner", id: "second" },
    });
    assert.equal((await redeem(hub, { code })).status, 200, "an owner again, of whatever name");
  }));
