import assert from "node:assert/strict";
import type { AuthConfig, MachineAcl, Role, TokenEntry } from "../config/mod.ts";
import { Access } from "./access.ts";

const NOW = Date.UTC(2026, 7, 1);
const none = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };

function token(id: string, role: Role, times: Partial<TokenEntry> = {}): TokenEntry {
  return { ...none, id, token: `${id}-token`, role, ...times };
}

function acl(entry: Partial<MachineAcl>): MachineAcl {
  return { registerToken: undefined, connect: [], manageTokens: [], ...entry };
}

const grant = (id: string, ...services: string[]) => ({ token: `${id}-token`, services });

const AUTH: AuthConfig = {
  tokens: [
    token("owner", "owner"),
    token("admin", "admin"),
    token("viewer", "viewer"),
    token("barn-agent", "user"),
    token("alice", "user"),
    token("everywhere", "user"),
    token("expired", "user", { expiresAtMs: NOW - 1 }),
    token("expiring", "user", { expiresAtMs: NOW }),
    token("revoked", "owner", { revokedAtMs: NOW + 1 }),
  ],
  machines: new Map([
    ["barn", acl({ registerToken: "barn-agent-token", connect: [grant("alice", "SSH")] })],
    ["shared", acl({ connect: [grant("alice"), grant("expired"), grant("expiring")] })],
    ["closed", acl({ registerToken: "" })],
    ["leftover", acl({})],
    ["watched", acl({ connect: [grant("viewer")] })],
    ["*", acl({ connect: [grant("everywhere", "HTTP"), grant("alice", "RDP")] })],
  ]),
};

const access = new Access(AUTH);
const is = (id: string | undefined) => access.authenticate(id && `${id}-token`, NOW);

Deno.test("Access of no tokens is open to all", () => {
  const open = new Access({
    tokens: [],
    machines: new Map([["barn", acl({ registerToken: "x" })]]),
  });
  const caller = open.authenticate("anything", NOW);
  assert.equal(open.isEnabled, false);
  assert.ok(open.canRegister(caller, "barn"));
  assert.ok(open.canConnect(caller, "barn"));
  assert.ok(open.canView(caller, "barn"));
  assert.equal(open.visibleServices(caller, "barn"), undefined);
});

Deno.test("Access.authenticate() knows only whole, valid tokens (hub 11, 15, 17)", () => {
  const kind = (text: string | undefined) => access.authenticate(text, NOW).kind;
  for (const text of [undefined, "", "owner", "owner-toke", "owner-token ", "OWNER-TOKEN", "x"]) {
    assert.equal(kind(text), "anonymous");
  }
  assert.equal(kind("expired-token"), "anonymous");
  assert.equal(kind("revoked-token"), "anonymous");
  assert.equal(kind("expiring-token"), "identity");
  assert.equal(access.authenticate("expiring-token", NOW + 1).kind, "anonymous");
});

const REGISTER: [id: string | undefined, machines: string[]][] = [
  ["owner", ["barn", "shared", "closed", "leftover", "unknown"]],
  ["admin", ["barn", "shared", "closed", "leftover", "unknown"]],
  ["barn-agent", ["barn", "shared", "watched"]],
  ["alice", ["shared", "watched"]],
  ["everywhere", ["shared", "watched"]],
  ["viewer", []],
  ["expired", []],
  ["revoked", []],
  [undefined, []],
];

const MACHINES = ["barn", "shared", "closed", "leftover", "watched", "unknown"];

for (const [id, expected] of REGISTER) {
  Deno.test(`Access.canRegister() lets ${id ?? "nobody"} register [${expected}] (hub 16, 17, 18)`, () => {
    const may = MACHINES.filter((machine) => access.canRegister(is(id), machine));
    const all = id === "owner" || id === "admin";
    assert.deepEqual(may, all ? MACHINES : expected);
  });
}

const CONNECT: [id: string | undefined, machines: string[]][] = [
  ["owner", MACHINES],
  ["admin", MACHINES],
  ["alice", MACHINES],
  ["everywhere", MACHINES],
  ["barn-agent", []],
  ["viewer", ["watched"]],
  ["expired", []],
  ["expiring", ["shared"]],
  ["revoked", []],
  [undefined, []],
];

for (const [id, expected] of CONNECT) {
  Deno.test(`Access.canConnect() lets ${id ?? "nobody"} connect to [${expected}] (hub 19)`, () => {
    assert.deepEqual(MACHINES.filter((machine) => access.canConnect(is(id), machine)), expected);
  });
  Deno.test(`Access.canView() shows ${id ?? "nobody"} what it may connect to (hub 4)`, () => {
    const seen = MACHINES.filter((machine) => access.canView(is(id), machine));
    assert.deepEqual(seen, id === "viewer" ? MACHINES : expected);
  });
}

Deno.test("Access.visibleServices() prefers the machine's grant to the wildcard's (hub 8)", () => {
  const services = (id: string, machine: string) => access.visibleServices(is(id), machine);
  assert.deepEqual(services("alice", "barn"), ["SSH"]);
  assert.equal(services("alice", "shared"), undefined, "an empty list covers all");
  assert.deepEqual(services("alice", "unknown"), ["RDP"]);
  assert.deepEqual(services("everywhere", "barn"), ["HTTP"]);
  for (const id of ["owner", "admin", "viewer"]) assert.equal(services(id, "barn"), undefined);
});
