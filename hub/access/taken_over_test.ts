import assert from "node:assert/strict";
import type { AuthConfig } from "../config/mod.ts";
import { acl, grant, identity } from "../testing/mod.ts";
import { NOW, state } from "./_fixture.ts";
import { addIdentity, removeIdentity, revokeIdentity } from "./identities.ts";
import { versionOf } from "./state.ts";
import { AccessStore, type AuthFile, MemoryAuthFile } from "./store.ts";
import { type IdentityChanges, takenOver } from "./taken_over.ts";

const BEFORE = state([identity("owner", "owner"), identity("alice", "user")], {
  barn: acl({ connect: [grant("alice")] }),
});

/** A file that others write to, and that cannot be written while `fault` is set. */
class SharedFile extends MemoryAuthFile implements AuthFile {
  fault: Error | undefined;

  override async commit(change: (auth: AuthConfig) => readonly AuthConfig[]): Promise<void> {
    const steps = change(this.auth);
    await Promise.resolve();
    if (this.fault !== undefined && steps.length > 1) throw this.fault;
    await super.commit(() => steps);
  }
}

function setUp() {
  const file = new SharedFile(BEFORE.auth);
  const told: IdentityChanges[] = [];
  let changes = 0;
  const store = new AccessStore(file, {
    onChange: () => void changes++,
    onTakenOver: (others) => void told.push(others),
  });
  const who = (token: string) => store.access.authenticate(token, NOW).kind;
  return { file, store, told, who, changes: () => changes };
}

function without(id: string): AuthConfig {
  const outcome = removeIdentity(BEFORE, { id, wallMs: NOW });
  assert.ok(outcome.done);
  return outcome.state.auth;
}

const NOBODY: IdentityChanges = { added: [], removed: [], changed: [] };

Deno.test("AccessStore.refresh() puts what others have written into effect, and tells whom it concerns", async () => {
  const { file, store, told, who, changes } = setUp();
  await store.refresh();
  assert.equal(changes(), 0);
  file.auth = without("alice");
  await store.refresh();
  assert.deepEqual([who("alice-token"), who("owner-token")], ["anonymous", "identity"]);
  assert.deepEqual([changes(), told], [1, [{ ...NOBODY, removed: ["alice"] }]]);
});

Deno.test("AccessStore.change() goes by what others have written meanwhile", async () => {
  const { file, store, told, who } = setUp();
  file.auth = without("alice");
  const made = { id: "bob", role: "user", token: "bob-token", wallMs: NOW } as const;
  assert.ok((await store.change((now) => addIdentity(now, made))).done);
  assert.deepEqual(file.auth.tokens.map(({ id }) => id), ["owner", "bob"]);
  assert.deepEqual([who("alice-token"), who("bob-token")], ["anonymous", "identity"]);
  assert.deepEqual(told, [{ ...NOBODY, removed: ["alice"] }]);
});

Deno.test("AccessStore.change() that cannot be written leaves in effect what others have written", async () => {
  const { file, store, told, who } = setUp();
  file.auth = without("alice");
  file.fault = new Error("disk full");
  const made = { id: "bob", role: "user", token: "bob-token", wallMs: NOW } as const;
  await assert.rejects(store.change((now) => addIdentity(now, made)), /disk full/);
  assert.deepEqual([who("alice-token"), who("bob-token")], ["anonymous", "anonymous"]);
  assert.equal(told.length, 1);
});

Deno.test("takenOver() counts versions up of those that are others, and of nobody else", () => {
  const moved = { ...identity("alice", "user"), token: "new" };
  const after = state([identity("carol", "user"), moved, identity("owner", "owner")], {
    barn: acl({ connect: [{ token: "new", services: [] }] }),
  });
  const first = takenOver(BEFORE, after.auth);
  assert.deepEqual(first.changes, { added: ["carol"], removed: [], changed: ["alice"] });
  const versions = ["owner", "alice", "carol"].map((id) => versionOf(first.state, id));
  assert.deepEqual(versions, [1, 2, 1]);
  const granted = state([...after.auth.tokens], {
    barn: acl({ connect: [{ token: "new", services: ["SSH"] }] }),
    shed: acl({ manageTokens: ["carol-token"] }),
  });
  const second = takenOver(first.state, granted.auth);
  assert.deepEqual(second.changes, { ...NOBODY, changed: ["carol", "alice"] });
  assert.equal(versionOf(second.state, "alice"), 3);
  const same = takenOver(second.state, structuredClone(granted.auth));
  assert.deepEqual(same.changes, NOBODY);
});

Deno.test("what is read anew and says the same is nobody's change", async () => {
  const { file, store, told, who } = setUp();
  const versions = store.state.versions;
  file.auth = structuredClone(BEFORE.auth);
  await store.refresh();
  assert.deepEqual(told, []);
  assert.equal(store.state.versions, versions);
  file.auth = structuredClone(BEFORE.auth);
  const { tokens: [first] } = BEFORE.auth;
  const outcome = await store.change((state) =>
    revokeIdentity(state, { id: first!.id, wallMs: NOW })
  );
  assert.deepEqual([outcome.done, told], [false, []], "the last owner");
  assert.equal(who(first!.token), "identity");
});
