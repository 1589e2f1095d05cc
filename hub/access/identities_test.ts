import assert from "node:assert/strict";
import { CLOSED_REGISTRATION } from "../config/mod.ts";
import { acl, grant, identity } from "../testing/mod.ts";
import { done, NOW, refused, state } from "./_fixture.ts";
import {
  addIdentity,
  changeIdentity,
  removeIdentity,
  revokeIdentity,
  rotateIdentity,
} from "./identities.ts";
import { type AccessState, findIdentity, type Outcome, versionOf } from "./state.ts";

const TEAM = state(
  [identity("owner", "owner"), identity("alice", "user"), identity("bob", "user")],
  {
    barn: acl({
      registerToken: "bob-token",
      connect: [grant("alice", "SSH"), grant("bob")],
      manageTokens: ["alice-token"],
    }),
    shed: acl({ registerToken: "alice-token" }),
    hut: acl({ registerToken: "alice-token", connect: [grant("bob")] }),
  },
);

const at = (id: string, more: object = {}) => ({ id, wallMs: NOW, ...more });

Deno.test("addIdentity() adds at version 1 and refuses an id that is taken (hub 33, 34)", () => {
  const added = addIdentity(TEAM, { ...at("carol"), role: "admin", token: "c", expiresAtMs: 5 });
  const { state: after, value } = done(added);
  assert.equal(value.version, 1);
  assert.deepEqual(after.auth.tokens.at(-1), {
    id: "carol",
    token: "c",
    role: "admin",
    issuedAtMs: NOW,
    expiresAtMs: 5,
    revokedAtMs: undefined,
  });
  assert.deepEqual(after.auth.tokens.slice(0, 3), TEAM.auth.tokens);
  const again = addIdentity(after, { ...at("carol"), role: "user", token: "d" });
  assert.equal(refused(after, again), "exists");
});

Deno.test("changeIdentity() keeps token and grants, and counts once (hub 23, 28)", () => {
  const first = done(changeIdentity(TEAM, at("alice", { role: "admin" })));
  assert.equal(first.value.version, 2);
  const second = done(changeIdentity(first.state, at("alice", { newId: "al", ifVersion: 2 })));
  assert.equal(second.value.version, 3);
  assert.equal(versionOf(second.state, "al"), 3);
  assert.equal(versionOf(second.state, "alice"), 1, "the old name is forgotten");
  assert.deepEqual(findIdentity(second.state, "al")?.entry, {
    ...identity("alice", "admin"),
    id: "al",
  });
  assert.equal(second.state.auth.machines, TEAM.auth.machines);
});

Deno.test("changeIdentity() refuses as a whole, rename and demotion together (hub 25, 27, 29)", () => {
  const change = (options: object) => changeIdentity(TEAM, at("owner", options));
  assert.equal(refused(TEAM, changeIdentity(TEAM, at("x", { newId: "y" }))), "not-found");
  assert.equal(refused(TEAM, change({ newId: "alice" })), "exists");
  assert.equal(refused(TEAM, change({ newId: "boss", role: "user" })), "last-owner");
  assert.equal(refused(TEAM, change({ newId: "boss", ifVersion: 7 })), "stale");
  assert.equal(done(change({ newId: "boss", role: "owner" })).value.version, 2);
});

Deno.test("removeIdentity() scrubs all grants, closes what it registered, drops what is empty (hub 30)", () => {
  const { auth } = done(removeIdentity(TEAM, at("alice"))).state;
  assert.deepEqual(auth.tokens.map(({ id }) => id), ["owner", "bob"]);
  assert.deepEqual([...auth.machines], [
    ["barn", acl({ registerToken: "bob-token", connect: [grant("bob")] })],
    ["hut", acl({ registerToken: CLOSED_REGISTRATION, connect: [grant("bob")] })],
  ]);
});

Deno.test("removeIdentity() forgets the version (hub 25)", () => {
  const { state: changed } = done(changeIdentity(TEAM, at("bob", { role: "admin" })));
  assert.equal(refused(changed, removeIdentity(changed, at("bob", { ifVersion: 1 }))), "stale");
  const { state: gone } = done(removeIdentity(changed, at("bob", { ifVersion: 2 })));
  const { state: back } = done(addIdentity(gone, { ...at("bob"), role: "user", token: "b" }));
  assert.equal(versionOf(back, "bob"), 1);
});

Deno.test("revokeIdentity() keeps entry and grants, and the first time of two (hub 36)", () => {
  const first = done(revokeIdentity(TEAM, at("alice")));
  assert.deepEqual(first.value, { revokedAtMs: NOW, version: 2 });
  assert.equal(first.state.auth.machines, TEAM.auth.machines);
  const second = revokeIdentity(first.state, { id: "alice", wallMs: NOW + 1 });
  assert.deepEqual(done(second).value, { revokedAtMs: NOW, version: undefined });
  assert.equal(done(second).state, first.state);
});

Deno.test("rotateIdentity() renews the token with all three kinds of grants (hub 37, 38)", () => {
  const { state: revoked } = done(revokeIdentity(TEAM, at("alice")));
  const rotated = done(rotateIdentity(revoked, { id: "alice", wallMs: NOW + 1, token: "new" }));
  assert.equal(rotated.value.version, 3);
  assert.deepEqual(findIdentity(rotated.state, "alice")?.entry, {
    ...identity("alice", "user"),
    token: "new",
    issuedAtMs: NOW + 1,
  });
  assert.deepEqual(rotated.state.auth.machines.get("barn"), {
    registerToken: "bob-token",
    connect: [{ token: "new", services: ["SSH"] }, grant("bob")],
    manageTokens: ["new"],
  });
  assert.equal(rotated.state.auth.machines.get("shed")?.registerToken, "new");
});

const gone = identity("gone", "owner", { revokedAtMs: 1 });
const late = identity("late", "owner", { expiresAtMs: NOW - 1 });
const OWNERS: [what: string, before: AccessState, guarded: boolean][] = [
  ["the only owner", state([identity("owner", "owner")]), true],
  ["one of two", state([identity("owner", "owner"), identity("o2", "owner")]), false],
  ["one beside a revoked one", state([identity("owner", "owner"), gone]), true],
  ["one beside an expired one", state([identity("owner", "owner"), late]), true],
  ["a revoked one beside a valid one", state([{ ...gone, id: "owner" }, late]), false],
];

for (const [what, before, isGuarded] of OWNERS) {
  Deno.test(`${what} ${isGuarded ? "stays" : "may go"}: demotion, revocation, removal (hub 29)`, () => {
    const outcomes: Outcome<unknown>[] = [
      changeIdentity(before, at("owner", { role: "admin" })),
      revokeIdentity(before, at("owner")),
      removeIdentity(before, at("owner")),
    ];
    for (const outcome of outcomes) {
      if (isGuarded) assert.equal(refused(before, outcome), "last-owner");
      else done(outcome);
    }
  });
}

Deno.test("the last owner is guarded before a stale version is reported, not so by a demotion", () => {
  const stale = at("owner", { ifVersion: 9 });
  assert.equal(refused(TEAM, revokeIdentity(TEAM, stale)), "last-owner");
  assert.equal(refused(TEAM, removeIdentity(TEAM, stale)), "last-owner");
  assert.equal(refused(TEAM, changeIdentity(TEAM, { ...stale, role: "user" })), "stale");
});

Deno.test("every operation on an identity nobody has is refused as not found", () => {
  const outcomes = [
    changeIdentity(TEAM, at("x", { role: "user" })),
    removeIdentity(TEAM, at("x")),
    revokeIdentity(TEAM, at("x")),
    rotateIdentity(TEAM, { ...at("x"), token: "t" }),
  ];
  for (const outcome of outcomes) assert.equal(refused(TEAM, outcome), "not-found");
});
