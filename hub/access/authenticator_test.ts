import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import type { AuditEntry } from "../audit/mod.ts";
import { identity } from "../testing/mod.ts";
import { NOW, state } from "./_fixture.ts";
import { Access } from "./access.ts";
import { Authenticator } from "./authenticator.ts";

const STRONG = "0".repeat(64);

function setUp() {
  const clock = new ManualClock(NOW);
  const entries: AuditEntry[] = [];
  const access = new Access(
    state([
      identity("owner", "owner"),
      { ...identity("strong", "user"), token: STRONG },
      identity("late", "user", { expiresAtMs: NOW - 1 }),
    ]).auth,
  );
  const authenticator = new Authenticator({
    access: () => access,
    clock,
    audit: { record: (entry) => void entries.push(entry) },
  });
  return { clock, entries, authenticator };
}

Deno.test("Authenticator throttles an address that shows 1,000 wrong tokens, and no other", () => {
  const { clock, entries, authenticator } = setUp();
  const kinds = new Map<string, number>();
  for (let i = 0; i < 1000; i++) {
    const { kind } = authenticator.identify(`wrong ${i}`, `192.0.2.7:${i}`);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  assert.deepEqual([...kinds], [["anonymous", 20], ["throttled", 980]]);
  assert.equal(authenticator.throttled, 980);
  assert.equal(entries.length, 21, "one record each, and one of the lock");
  assert.deepEqual(entries.at(-1), {
    event: "denial",
    result: "refused",
    source: "192.0.2.7:19",
    reason: "too many wrong tokens",
  });
  assert.equal(authenticator.identify("owner-token", "192.0.2.8:1").kind, "identity");
  assert.equal(authenticator.identify("owner-token", "192.0.2.7:1").kind, "throttled");
  clock.advance(60_000);
  assert.equal(authenticator.identify("owner-token", "192.0.2.7:1").kind, "identity");
});

Deno.test("Authenticator lets a generated token through a lock, and no other 64 digits", () => {
  const { authenticator } = setUp();
  for (let i = 0; i < 30; i++) authenticator.identify("wrong", "192.0.2.7:1");
  assert.equal(authenticator.identify(STRONG, "192.0.2.7:1").kind, "identity");
  assert.equal(authenticator.identify("1".repeat(64), "192.0.2.7:1").kind, "throttled");
});

Deno.test("Authenticator does not count who shows no token", () => {
  const { entries, authenticator } = setUp();
  for (let i = 0; i < 100; i++) {
    assert.equal(authenticator.identify(undefined, "192.0.2.7:1").kind, "anonymous");
    assert.equal(authenticator.identify("", "192.0.2.7:1").kind, "anonymous");
  }
  assert.deepEqual(entries, []);
});

Deno.test("Authenticator records whose token it was and why it is not good", () => {
  const { entries, authenticator } = setUp();
  authenticator.identify("late-token", "192.0.2.7:1");
  assert.deepEqual(entries, [{
    event: "auth-failure",
    result: "refused",
    source: "192.0.2.7:1",
    identity: "late",
    reason: "token expired",
  }]);
});
