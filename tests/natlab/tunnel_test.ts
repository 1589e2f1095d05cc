import assert from "node:assert/strict";
import { type EchoStream, passTime } from "./echo_stream.ts";
import type { Host } from "./host.ts";
import { canBeDirect, type Kind, KINDS } from "./kinds.ts";
import { Lab, type LabOptions, type Site } from "./lab.ts";
import { LabReference, LabTunnels } from "./tunnel_pair.ts";

/** Long enough to find every path, and to settle on the best. */
const SETTLE_MS = 12_000;

/** What is promised of a path that died: left within 10 s; and a moment for the stream to go on. */
const FAULT_MS = 12_000;

function bestPath(a: Kind, b: Kind): string {
  if (canBeDirect(a, b)) return "direct";
  return a === "blocked" || b === "blocked" ? "websocket" : "udp-relay";
}

function joined(
  lab: Lab,
  sites: readonly [Site, Site],
): Promise<{ tunnels: LabTunnels; stream: EchoStream }> {
  return joinedAt(lab, [lab.host(sites[0]), lab.host(sites[1])]);
}

async function joinedAt(
  lab: Lab,
  hosts: readonly [Host, Host],
): Promise<{ tunnels: LabTunnels; stream: EchoStream }> {
  const tunnels = new LabTunnels(lab, hosts);
  await passTime(lab, 1_000);
  const stream = await tunnels.open();
  await stream.roundTrip(10_000, 10_000);
  await passTime(lab, SETTLE_MS);
  return { tunnels, stream };
}

Deno.test("tunnels carry streams behind every pair of NATs, by the best path there is", async () => {
  const conditions: LabOptions[] = [{ seed: 1 }, { seed: 2, jitterMs: 10, loss: 0.05 }];
  for (const options of conditions) {
    for (const a of KINDS) {
      for (const b of KINDS) {
        const lab = new Lab(options);
        const { tunnels, stream } = await joined(lab, [lab.site(a), lab.site(b)]);
        const name = `${a} and ${b}, ${JSON.stringify(options)}`;
        const best = bestPath(a, b);
        const state = best === "direct" ? "up" : undefined;
        assert.deepEqual(tunnels.direct, [state, state], name);
        // Under loss another path may be better for a while.
        if (options.loss === undefined) assert.deepEqual(tunnels.paths, [best, best], name);
        await stream.roundTrip(30_000, 15_000);
        await tunnels.close();
      }
    }
  }
});

Deno.test("tunnels take IPv6 where IPv4 leads nowhere directly", async () => {
  const lab = new Lab({ seed: 1 });
  const hosts = [lab.host(lab.site("symmetric")), lab.host(lab.site("symmetric"))] as const;
  for (const host of hosts) lab.addIpv6(host);
  const { tunnels, stream } = await joinedAt(lab, hosts);
  assert.deepEqual(tunnels.paths, ["direct", "direct"]);
  assert.match(tunnels.client.status().paths[0]!.remote, /2001:db8::/);
  await stream.roundTrip(50_000, 10_000);
  await tunnels.close();
});

Deno.test("a stream goes on when UDP is blocked under its direct path, and returns to it", async () => {
  const lab = new Lab({ seed: 1 });
  const sites = [lab.site("port restricted"), lab.site("restricted")] as const;
  const { tunnels, stream } = await joined(lab, sites);
  assert.deepEqual(tunnels.paths, ["direct", "direct"]);
  const nat = sites[1].nats[0]!;
  const { behaviour } = nat;
  nat.behaviour = { ...behaviour, blocked: true };
  await stream.roundTrip(50_000, FAULT_MS);
  await passTime(lab, FAULT_MS);
  assert.deepEqual(tunnels.paths, ["websocket", "websocket"]);
  nat.behaviour = behaviour;
  await passTime(lab, 120_000);
  assert.deepEqual(tunnels.paths, ["direct", "direct"]);
  await stream.roundTrip(50_000, 10_000);
  await tunnels.close();
});

Deno.test("a stream goes on when a NAT under its direct path forgets it, at either end", async () => {
  for (const which of [0, 1] as const) {
    const lab = new Lab({ seed: 1 });
    const sites = [lab.site("port restricted"), lab.site("restricted")] as const;
    const { tunnels, stream } = await joined(lab, sites);
    assert.deepEqual(tunnels.paths, ["direct", "direct"]);
    sites[which].nats[0]!.rebind();
    await stream.roundTrip(50_000, FAULT_MS);
    await passTime(lab, 60_000);
    assert.deepEqual(tunnels.paths, ["direct", "direct"]);
    await tunnels.close();
  }
});

Deno.test("tunnels hold a direct path through NATs that forget after 30 s", async () => {
  const lab = new Lab({ seed: 1 });
  const { tunnels } = await joined(lab, [lab.site("port restricted"), lab.site("double")]);
  const since = tunnels.client.status().pathSinceWallMs;
  await passTime(lab, 600_000);
  assert.deepEqual(tunnels.paths, ["direct", "direct"]);
  assert.equal(tunnels.client.status().pathSinceWallMs, since);
  await tunnels.close();
});

Deno.test("a tunnel does not black-hole a reference agent, whoever starts earlier (wire 57)", async () => {
  for (const udpAfterMs of [0, 2_500, 3_500]) {
    for (const agent of KINDS) {
      for (const client of KINDS) {
        const lab = new Lab({ seed: 3 });
        const hosts = [lab.host(lab.site(agent)), lab.host(lab.site(client))] as const;
        const pair = new LabReference(lab, { hosts, udpAfterMs });
        await passTime(lab, 1_000);
        const stream = await pair.open();
        const name = `agent ${agent} on UDP after ${udpAfterMs} ms, client ${client}`;
        for (let second = 0; second < 12; second += 2) {
          await stream.roundTrip(5_000, 2_000);
          await passTime(lab, 2_000);
        }
        const expected = canBeDirect(agent, client);
        assert.deepEqual(pair.isDirect, [expected, expected], name);
        await stream.roundTrip(20_000, 5_000);
        await pair.close();
      }
    }
  }
});
