import assert from "node:assert/strict";
import { canBeDirect, type Kind, KINDS } from "./kinds.ts";
import { Lab, type Site } from "./lab.ts";
import { LabTunnels } from "./tunnel_pair.ts";

/** Long enough to find every path, and to settle on the best. */
const SETTLE_MS = 12_000;

/** What is promised of a path that died: left within 10 s; and a moment for the stream to go on. */
const FAULT_MS = 12_000;

function bestPath(a: Kind, b: Kind): string {
  if (canBeDirect(a, b)) return "direct";
  return a === "blocked" || b === "blocked" ? "websocket" : "udp-relay";
}

async function joined(lab: Lab, sites: readonly [Site, Site]): Promise<LabTunnels> {
  const tunnels = new LabTunnels(lab, [lab.host(sites[0]), lab.host(sites[1])]);
  await tunnels.pass(1_000);
  await tunnels.open();
  await tunnels.roundTrip(10_000, 10_000);
  await tunnels.pass(SETTLE_MS);
  return tunnels;
}

Deno.test("tunnels carry streams behind every pair of NATs, by the best path there is", async () => {
  for (const a of KINDS) {
    for (const b of KINDS) {
      const lab = new Lab({ seed: 1 });
      const tunnels = await joined(lab, [lab.site(a), lab.site(b)]);
      const best = bestPath(a, b);
      assert.deepEqual(tunnels.paths, [best, best], `${a} and ${b}`);
      await tunnels.roundTrip(50_000, 10_000);
      await tunnels.close();
    }
  }
});

Deno.test("a stream goes on when UDP is blocked under its direct path, and returns to it", async () => {
  const lab = new Lab({ seed: 1 });
  const sites = [lab.site("port restricted"), lab.site("restricted")] as const;
  const tunnels = await joined(lab, sites);
  assert.deepEqual(tunnels.paths, ["direct", "direct"]);
  const nat = sites[1].nats[0]!;
  const { behaviour } = nat;
  nat.behaviour = { ...behaviour, blocked: true };
  await tunnels.roundTrip(50_000, FAULT_MS);
  await tunnels.pass(FAULT_MS);
  assert.deepEqual(tunnels.paths, ["websocket", "websocket"]);
  nat.behaviour = behaviour;
  await tunnels.pass(120_000);
  assert.deepEqual(tunnels.paths, ["direct", "direct"]);
  await tunnels.roundTrip(50_000, 10_000);
  await tunnels.close();
});

Deno.test("a stream goes on when a NAT under its direct path forgets it, at either end", async () => {
  for (const which of [0, 1] as const) {
    const lab = new Lab({ seed: 1 });
    const sites = [lab.site("port restricted"), lab.site("restricted")] as const;
    const tunnels = await joined(lab, sites);
    assert.deepEqual(tunnels.paths, ["direct", "direct"]);
    sites[which].nats[0]!.rebind();
    await tunnels.roundTrip(50_000, FAULT_MS);
    await tunnels.pass(60_000);
    assert.deepEqual(tunnels.paths, ["direct", "direct"]);
    await tunnels.close();
  }
});

Deno.test("tunnels hold a direct path through NATs that forget after 30 s", async () => {
  const lab = new Lab({ seed: 1 });
  const tunnels = await joined(lab, [lab.site("port restricted"), lab.site("double")]);
  const since = tunnels.client.status().pathSinceWallMs;
  await tunnels.pass(600_000);
  assert.deepEqual(tunnels.paths, ["direct", "direct"]);
  assert.equal(tunnels.client.status().pathSinceWallMs, since);
  await tunnels.close();
});

Deno.test("tunnels find the best path despite jitter and loss", async () => {
  for (const a of KINDS) {
    for (const b of KINDS) {
      const lab = new Lab({ seed: 1, jitterMs: 10, loss: 0.05 });
      const tunnels = await joined(lab, [lab.site(a), lab.site(b)]);
      const state = canBeDirect(a, b) ? "up" : undefined;
      assert.deepEqual(tunnels.direct, [state, state], `${a} and ${b}`);
      await tunnels.roundTrip(20_000, 15_000);
      await tunnels.close();
    }
  }
});
