import assert from "node:assert/strict";
import { canBeDirect, KINDS } from "./kinds.ts";
import { Lab } from "./lab.ts";
import { LabTunnels } from "./tunnel_pair.ts";

Deno.test("tunnels carry streams behind every pair of NATs, directly where that is possible", async () => {
  for (const a of KINDS) {
    for (const b of KINDS) {
      const lab = new Lab({ seed: 1 });
      const tunnels = new LabTunnels(lab, [lab.host(lab.site(a)), lab.host(lab.site(b))]);
      await tunnels.pass(1_000);
      await tunnels.open();
      await tunnels.roundTrip(10_000, 10_000);
      await tunnels.pass(10_000);
      const best = canBeDirect(a, b)
        ? "direct"
        : a === "blocked" || b === "blocked"
        ? "websocket"
        : "udp-relay";
      console.log(a, "|", b, "|", tunnels.paths, best);
      await tunnels.roundTrip(50_000, 10_000);
      await tunnels.close();
    }
  }
});
