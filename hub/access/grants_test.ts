import assert from "node:assert/strict";
import { ANY_MACHINE, CLOSED_REGISTRATION } from "../config/mod.ts";
import { acl, grant, identity } from "../testing/mod.ts";
import { done, NOW, refused, state } from "./_fixture.ts";
import { Access } from "./access.ts";
import { accessView, tokenView } from "./entry.ts";
import { addPermissions, clearGrant, removePermissions, setGrant } from "./grants.ts";
import { redeem } from "./redeem.ts";
import { type AccessState, findIdentity } from "./state.ts";

const TEAM = state([
  identity("owner", "owner"),
  identity("alice", "user"),
  identity("bob", "user"),
]);

const give = (before: AccessState, id: string, permissions: string, more: object = {}) =>
  setGrant(before, {
    id,
    machine: "barn",
    services: [],
    permissions: permissions.split(" ").filter((word) => word) as [],
    ...more,
  });

const mayRegister = ({ auth }: AccessState, id: string) => {
  const access = new Access(auth);
  return access.canRegister(access.authenticate(`${id}-token`, NOW), "barn");
};

Deno.test("setGrant() replaces what the identity had and leaves the others (hub 31)", () => {
  const one = done(give(TEAM, "alice", "connect manage", { services: ["SSH"] })).state;
  assert.deepEqual(
    one.auth.machines.get("barn"),
    acl({
      registerToken: CLOSED_REGISTRATION,
      connect: [grant("alice", "SSH")],
      manageTokens: ["alice-token"],
    }),
  );
  const two = done(give(one, "bob", "register connect")).state;
  const three = done(give(two, "alice", "connect")).state;
  assert.deepEqual(
    three.auth.machines.get("barn"),
    acl({ registerToken: "bob-token", connect: [grant("alice"), grant("bob")] }),
  );
});

Deno.test("setGrant() never opens registration: made by a connect grant, or when the registrar goes", () => {
  const connect = done(give(TEAM, "alice", "connect")).state;
  assert.ok(!mayRegister(connect, "bob"));
  const registered = done(give(connect, "bob", "register")).state;
  assert.ok(mayRegister(registered, "bob"));
  assert.ok(!mayRegister(registered, "alice"));
  const ungranted = done(give(registered, "bob", "")).state;
  assert.ok(!mayRegister(ungranted, "bob"));
  assert.ok(!mayRegister(ungranted, "alice"));
  assert.ok(mayRegister(ungranted, "owner"));
});

Deno.test("setGrant() of register passes it on from whoever had it (hub 31)", () => {
  const alice = done(give(TEAM, "alice", "register connect")).state;
  const bob = done(give(alice, "bob", "register"));
  assert.equal(bob.value.version, 2);
  assert.ok(!mayRegister(bob.state, "alice"));
  assert.deepEqual(bob.state.auth.machines.get("barn")?.connect, [grant("alice")]);
});

Deno.test("setGrant() leaves a file's open registration as the operator wrote it", () => {
  const open = state(TEAM.auth.tokens, { barn: acl({ connect: [grant("bob")] }) });
  const after = done(give(open, "alice", "connect")).state;
  assert.equal(after.auth.machines.get("barn")?.registerToken, undefined);
});

Deno.test("an entry that grants nothing any more is dropped, also by setGrant() of nothing", () => {
  const one = done(give(TEAM, "alice", "register connect manage")).state;
  assert.equal(done(give(one, "alice", "")).state.auth.machines.size, 0);
  const cleared = done(clearGrant(one, { id: "alice", machine: "barn" }));
  assert.equal(cleared.state.auth.machines.size, 0);
  assert.equal(cleared.value.version, 3);
});

Deno.test("clearGrant() refuses an unknown identity, then a stale version, then an unknown machine (hub 32)", () => {
  const target = { id: "alice", machine: "barn" };
  assert.equal(refused(TEAM, clearGrant(TEAM, { id: "x", machine: "barn" })), "not-found");
  assert.equal(refused(TEAM, clearGrant(TEAM, { ...target, ifVersion: 2 })), "stale");
  assert.equal(refused(TEAM, clearGrant(TEAM, target)), "no-grant");
  const { state: others } = done(give(TEAM, "bob", "connect"));
  assert.equal(done(clearGrant(others, target)).value.version, 2, "nothing of alice's was there");
  assert.equal(refused(TEAM, give(TEAM, "alice", "connect", { ifVersion: 2 })), "stale");
  assert.equal(refused(TEAM, give(TEAM, "x", "connect")), "not-found");
});

Deno.test("redeem() adds to grants and keeps ids unique (hub 45, 46)", () => {
  const before = done(give(TEAM, "alice", "register connect manage")).state;
  const code = { role: "user", token: "t", wallMs: NOW } as const;
  const agent = done(redeem(before, { ...code, type: "register", machines: ["barn"] }));
  assert.equal(agent.value.id, "barn-agent");
  assert.deepEqual(
    agent.state.auth.machines.get("barn"),
    acl({ registerToken: "t", connect: [grant("alice")], manageTokens: ["alice-token"] }),
  );
  const second = done(
    redeem(agent.state, { ...code, token: "u", type: "register", machines: ["barn"] }),
  );
  assert.equal(second.value.id, "barn-2-agent");
  const connect = { ...code, type: "connect", machines: ["barn", "shed"] } as const;
  const user = done(redeem(second.state, { ...connect, token: "v" }));
  assert.equal(user.value.id, `paired-user-${NOW / 1000}`);
  const other = done(redeem(user.state, { ...connect, token: "w" }));
  assert.equal(other.value.id, `paired-user-${NOW / 1000}-2`);
  const barn = other.state.auth.machines.get("barn")!;
  assert.deepEqual(barn.connect.map(({ token }) => token), ["alice-token", "v", "w"]);
  assert.equal(barn.registerToken, "u");
  assert.equal(findIdentity(other.state, user.value.id)?.entry.issuedAtMs, NOW);
});

Deno.test("accessView() shows an owner one row, a user each machine and what * gives (hub 20, 21, 35)", () => {
  const times = { issuedAtMs: NOW, expiresAtMs: NOW + 1, revokedAtMs: NOW + 1000 };
  const shown = state([
    { ...identity("owner", "owner"), token: "0123456789" },
    identity("alice", "user", times),
    { ...identity("short", "viewer"), token: "12345678" },
  ], {
    shed: acl({ registerToken: "alice-token" }),
    [ANY_MACHINE]: acl({ connect: [grant("alice", "SSH")], manageTokens: ["alice-token"] }),
    barn: acl({ connect: [grant("alice")] }),
  });
  const views = shown.auth.tokens.map((entry) => accessView(shown, entry));
  assert.deepEqual(views, [
    {
      id: "owner",
      role: "owner",
      tokenPreview: "01234567...",
      machines: [{ machineId: "*", permissions: ["register", "connect", "manage"] }],
      version: 1,
    },
    {
      id: "alice",
      role: "user",
      tokenPreview: "alice-to...",
      machines: [
        { machineId: "*", permissions: ["connect", "manage"], services: ["SSH"] },
        { machineId: "barn", permissions: ["connect"] },
        { machineId: "shed", permissions: ["register"] },
      ],
      issuedAt: "2026-08-01T00:00:00Z",
      expiresAt: "2026-08-01T00:00:00.001Z",
      revokedAt: "2026-08-01T00:00:01Z",
      version: 1,
      wildcardInherited: ["connect", "manage"],
      wildcardInheritedServices: ["SSH"],
    },
    { id: "short", role: "viewer", tokenPreview: "...", machines: [], version: 1 },
  ]);
  const { machines: _, version: __, ...token } = views[0]!;
  assert.deepEqual(tokenView(shown.auth.tokens[0]!), token);
});

Deno.test("addPermissions() and removePermissions() leave everything else as it is (hub 6)", () => {
  const before = state(TEAM.auth.tokens, {
    barn: acl({ registerToken: "bob-token", connect: [grant("alice", "SSH"), grant("bob")] }),
  });
  const target = { id: "alice", machine: "barn" };
  const more = done(addPermissions(before, { ...target, permissions: ["connect", "manage"] }));
  assert.deepEqual(more.value, { added: ["manage"] });
  assert.deepEqual(
    more.state.auth.machines.get("barn"),
    acl({
      registerToken: "bob-token",
      connect: [grant("alice", "SSH"), grant("bob")],
      manageTokens: ["alice-token"],
    }),
  );
  const again = done(addPermissions(more.state, { ...target, permissions: ["manage"] }));
  assert.deepEqual([again.value, again.state === more.state], [{ added: [] }, true]);
  const less = done(removePermissions(more.state, { ...target, permissions: ["manage"] }));
  assert.deepEqual(less.state.auth, before.auth);
  const none = done(removePermissions(before, { ...target, permissions: ["connect"] }));
  assert.deepEqual(none.state.auth.machines.get("barn")?.connect, [grant("bob")]);
});

Deno.test("addPermissions() on a machine that is new opens registration to nobody", () => {
  const target = { id: "alice", machine: "shed" };
  const made = done(addPermissions(TEAM, { ...target, permissions: ["connect"] }));
  assert.equal(made.state.auth.machines.get("shed")?.registerToken, CLOSED_REGISTRATION);
  const registrar = done(addPermissions(made.state, { ...target, permissions: ["register"] }));
  const { machines } = registrar.state.auth;
  assert.deepEqual(
    [machines.get("shed")?.registerToken, machines.get("shed")?.connect],
    ["alice-token", [grant("alice")]],
  );
});

Deno.test("addPermissions() and removePermissions() refuse whom they do not know, and what is not held", () => {
  const permissions = ["connect"] as const;
  const nobody = { id: "nobody", machine: "barn", permissions };
  assert.equal(refused(TEAM, addPermissions(TEAM, nobody)), "not-found");
  assert.equal(refused(TEAM, removePermissions(TEAM, nobody)), "not-found");
  const alice = { id: "alice", machine: "barn", permissions };
  assert.equal(refused(TEAM, removePermissions(TEAM, alice)), "no-grant");
  const manager = state(TEAM.auth.tokens, { barn: acl({ manageTokens: ["alice-token"] }) });
  assert.equal(refused(manager, removePermissions(manager, alice)), "no-grant");
});
