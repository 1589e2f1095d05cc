import assert from "node:assert/strict";
import {
  changeRequest,
  grantRequest,
  identityDetail,
  identityRequest,
  identityRows,
  tokenState,
} from "./access.js";

const NOW = Date.parse("2026-08-01T09:30:00Z");

const identity = (id: string, fields: object = {}) => ({
  id,
  role: "user",
  tokenPreview: "c9d0e1f2...",
  machines: [],
  version: 1,
  ...fields,
});

Deno.test("tokenState() puts revoked before expired, and warns a week ahead", () => {
  const table: [object, string][] = [
    [{}, "Active"],
    [{ expiresAt: "2026-08-08T09:30:00Z" }, "Active"],
    [{ expiresAt: "2026-08-08T09:29:59Z" }, "Expires soon"],
    [{ expiresAt: "2026-08-01T09:30:00Z" }, "Expired"],
    [{ expiresAt: "2026-07-01T00:00:00Z", revokedAt: "2026-06-01T00:00:00Z" }, "Revoked"],
  ];
  for (const [fields, expected] of table) {
    assert.equal(tokenState(identity("a", fields), NOW).label, expected, JSON.stringify(fields));
  }
});

Deno.test("identityRows() orders by name and says in a few words who may do what", () => {
  const connect = (machineId: string) => ({ machineId, permissions: ["connect"] as const });
  const rows = identityRows([
    identity("owner", { role: "owner", machines: [connect("*")] }),
    identity("dave", { machines: ["a", "b", "c", "d"].map(connect) }),
    identity("carol", { machines: [connect("*"), connect("barn")] }),
    identity("bob"),
    identity("console-viewer", { role: "viewer" }),
    identity("eve", { role: "viewer" }),
  ], NOW);
  assert.deepEqual(rows.map(({ id, role, summary }) => `${id}: ${role}, ${summary}`), [
    "bob: User, no permissions",
    "carol: User, all, barn",
    "console-viewer: Viewer, this page, without signing in",
    "dave: User, 4 machines",
    "eve: Viewer, sees all machines",
    "owner: Owner, everything",
  ]);
});

Deno.test("identityDetail() offers no grants to who may do everything, and no second revocation", () => {
  const owner = identity("owner", {
    role: "owner",
    machines: [{ machineId: "*", permissions: ["register", "connect", "manage"] }],
  });
  const { grants, can, note } = identityDetail(owner, NOW);
  assert.deepEqual([grants, can, note], [
    [],
    { grant: false, revoke: true },
    "Owners may do everything on every machine.",
  ]);
  const machines = [{ machineId: "*", permissions: ["connect"] as const, services: ["SSH"] }];
  const gone = identityDetail(identity("a", { machines, revokedAt: "2026-07-01T00:00:00Z" }), NOW);
  assert.deepEqual(gone.can, { grant: true, revoke: false });
  assert.deepEqual(gone.grants, [
    { machine: "*", label: "* (all machines)", permissions: ["connect"], services: ["SSH"] },
  ]);
});

Deno.test("grantRequest() sends what the hub takes, and names what is missing", () => {
  const form = { machine: " barn ", permissions: ["connect", "manage"], services: "SSH, RDP" };
  assert.deepEqual(grantRequest(form), {
    machine: "barn",
    body: { permissions: ["connect", "manage"], services: ["SSH", "RDP"] },
  });
  assert.deepEqual(grantRequest({ ...form, services: " " }), {
    machine: "barn",
    body: { permissions: ["connect", "manage"] },
  });
  const refused = [
    { ...form, machine: " " },
    { ...form, permissions: [] },
    { ...form, permissions: ["manage"] },
    { machine: "*", permissions: ["register"], services: "" },
  ];
  for (const bad of refused) assert.ok("problem" in grantRequest(bad), JSON.stringify(bad));
});

Deno.test("identityRequest() sends a role only if it is none of a user, and a time in UTC", () => {
  assert.deepEqual(identityRequest({ id: " alice ", role: "user", days: "" }, NOW), {
    body: { id: "alice" },
  });
  assert.deepEqual(identityRequest({ id: "bob", role: "admin", days: "30" }, NOW), {
    body: { id: "bob", role: "admin", expiresAt: "2026-08-31T09:30:00Z" },
  });
  assert.ok("problem" in identityRequest({ id: " ", role: "user", days: "" }, NOW));
});

Deno.test("changeRequest() sends what has changed, and nothing if nothing has", () => {
  const alice = identity("alice");
  assert.equal(changeRequest({ id: "alice", role: "user" }, alice), undefined);
  assert.deepEqual(changeRequest({ id: "al", role: "user" }, alice), { body: { id: "al" } });
  assert.deepEqual(changeRequest({ id: "alice", role: "admin" }, alice), {
    body: { role: "admin" },
  });
  const admin = identity("bob", { role: "admin" });
  assert.deepEqual(changeRequest({ id: "bob", role: "user" }, admin), { body: { role: "" } });
  assert.ok("problem" in changeRequest({ id: "", role: "user" }, alice)!);
});
