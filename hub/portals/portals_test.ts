import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import type { PortalEntry } from "../config/mod.ts";
import { PortalClient } from "./portal_client.ts";
import { MemoryPortalFile, Portals } from "./portals.ts";

const NEW = { url: "https://portal", hubUrl: "https://hub", portalToken: "" };

/** Lets promises settle; none of them waits for anything outside. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
}

async function setUp(names: readonly string[] = []) {
  const file = new MemoryPortalFile();
  const entry = (name: string): PortalEntry => ({
    url: `https://${name}`,
    hubDirectory: "/dir",
    syncToken: "s",
  });
  for (const name of names) await file.commitPortal(name, entry(name));
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = Object.assign((line: string) => void lines.push(line), { for: () => log });
  const asked: string[] = [];
  const down = new Set<string>();
  const rig = {
    file,
    clock,
    lines,
    asked,
    down,
    viewerToken: "v1",
    portals: undefined! as Portals,
  };
  rig.portals = new Portals({
    file,
    client: new PortalClient({
      fetch: (url, { method, body }) => {
        const { host, pathname } = new URL(url);
        if (method !== "GET") {
          asked.push(`${host}${pathname} ${JSON.parse(body as string).viewerToken}`);
        }
        if (down.has(host)) return Promise.reject(new TypeError("down"));
        return Promise.resolve(Response.json({ syncToken: "s" }));
      },
      clock,
    }),
    hub: () => ({ hubId: "h", name: "lab" }),
    viewerToken: () => rig.viewerToken,
    ...{ log, clock, random: (out: Uint8Array) => void out.fill(128) },
  });
  return rig;
}

Deno.test("sync() tells again whom it could not tell, at growing intervals, and nobody else", async () => {
  const { portals, asked, down, clock, lines } = await setUp(["a", "b"]);
  down.add("a");
  await portals.sync();
  assert.deepEqual(asked.splice(0), ["a/dir/sync v1", "b/dir/sync v1"]);
  assert.deepEqual(lines, [
    'portal "a" not told the viewer\'s token: it cannot be reached: down; in 3 s',
  ]);
  for (const seconds of [4, 7]) {
    clock.advance(seconds * 1000);
    await settle();
    assert.deepEqual(asked.splice(0), ["a/dir/sync v1"]);
  }
  down.clear();
  clock.advance(20_000);
  await settle();
  assert.deepEqual(asked.splice(0), ["a/dir/sync v1"]);
  clock.advance(3_600_000);
  await settle();
  assert.deepEqual(asked, []);
  portals.stop();
});

Deno.test("sync() gives up after half an hour, and a later one begins anew", async () => {
  const { portals, asked, down, clock, lines } = await setUp(["a"]);
  down.add("a");
  await portals.sync();
  for (let minute = 0; minute < 120; minute++) {
    clock.advance(60_000);
    await settle();
  }
  assert.equal(asked.length, 12);
  assert.match(lines.at(-1)!, /not trying again before the next start/);
  await portals.sync();
  clock.advance(4000);
  await settle();
  assert.equal(asked.length, 14);
  portals.stop();
  clock.advance(3_600_000);
  await settle();
  assert.equal(asked.length, 14, "stopped");
});

Deno.test("changed() tells portals of another viewer's token, and of nothing else", async () => {
  const rig = await setUp(["a"]);
  rig.portals.changed();
  await settle();
  assert.deepEqual(rig.asked, []);
  rig.viewerToken = "v2";
  rig.portals.changed();
  rig.portals.changed();
  await settle();
  assert.deepEqual(rig.asked, ["a/dir/sync v2"]);
});

Deno.test("addFirst() tries until the portal takes the hub, and only where there is no portal", async () => {
  const rig = await setUp();
  rig.down.add("portal");
  await rig.portals.addFirst(NEW);
  assert.match(rig.lines[0]!, /cannot register with the portal https:\/\/portal: .*; in 3 s$/);
  rig.down.clear();
  rig.clock.advance(4000);
  await settle();
  assert.deepEqual([...rig.file.portals.keys()], ["default"]);
  rig.asked.length = 0;
  await rig.portals.addFirst(NEW);
  assert.deepEqual(rig.asked, []);
  rig.portals.stop();
});
