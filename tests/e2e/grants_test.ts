import assert from "node:assert/strict";
import { Fabric, fetchLocal } from "../rig/mod.ts";

/** Every second one is granted, the others are granted and revoked: a thousand changes. */
const MACHINES = 668;
const KILL_AFTER = 300;

/** Asks the hub as its owner. */
async function ask(
  fabric: Fabric,
  { method, path, body }: { method: string; path: string; body?: unknown },
): Promise<Response> {
  return await fetchLocal(`http://127.0.0.1:${fabric.hubPort}${path}`, {
    method,
    headers: { authorization: `Bearer ${fabric.token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

function isKept(machine: string): boolean {
  return Number(machine.slice(1)) % 2 === 0;
}

/** The status of an answer; undefined if there is none. */
async function statusOf(answer: Promise<Response>): Promise<number | undefined> {
  try {
    const response = await answer;
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  }
}

Deno.test("a thousand grants and revokes at once, and SIGKILL: what was acknowledged is there, and recorded", async () => {
  await using fabric = await Fabric.create();
  await fabric.startHub();
  const identity = { method: "POST", path: "/api/admin/tokens", body: { id: "alice" } };
  const created = await ask(fabric, identity);
  assert.equal(created.status, 201);
  await created.body?.cancel();
  const granted = new Set<string>();
  const revoked = new Set<string>();
  let acknowledged = 0;
  const change = async (index: number) => {
    const machine = `m${index}`;
    const path = `/api/admin/access/alice/machines/${machine}`;
    const grant = { method: "PUT", path, body: { permissions: ["connect"] }, done: granted };
    const revoke = { method: "DELETE", path, done: revoked };
    for (const { done, ...request } of isKept(machine) ? [grant] : [grant, revoke]) {
      const status = await statusOf(ask(fabric, request));
      if (status === undefined) return; // killed before it was acknowledged
      assert.equal(status, 200);
      done.add(machine);
      if (++acknowledged === KILL_AFTER) fabric.hub.signal("SIGKILL");
    }
  };
  await Promise.all(Array.from({ length: MACHINES }, (_, i) => change(i)));
  await fabric.hub.ended;
  assert.ok(acknowledged >= KILL_AFTER, `${acknowledged} acknowledged`);
  await fabric.startHub();
  const shown = await ask(fabric, { method: "GET", path: "/api/admin/access/alice" });
  const { machines } = await shown.json();
  const held = new Set(machines.map(({ machineId }: { machineId: string }) => machineId));
  const recorded = new Set<string>();
  const exported = await ask(fabric, {
    method: "GET",
    path: "/api/admin/audit/export?event=grant,grant-remove",
  });
  for (const line of (await exported.text()).trimEnd().split("\n")) {
    const { event, machine } = JSON.parse(line);
    recorded.add(`${event} ${machine}`);
  }
  for (const machine of granted) {
    assert.ok(recorded.has(`grant ${machine}`), machine);
    // Whether a revoke was written that nobody was told of is not known.
    if (isKept(machine)) assert.ok(held.has(machine), `${machine} was granted`);
  }
  for (const machine of revoked) {
    assert.ok(recorded.has(`grant-remove ${machine}`), machine);
    assert.ok(!held.has(machine), `${machine} was revoked`);
  }
  const verified = await ask(fabric, { method: "GET", path: "/api/admin/audit/verify" });
  assert.equal((await verified.json()).ok, true);
});
