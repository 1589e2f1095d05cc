import assert from "node:assert/strict";
import { EnginePeer } from "./engine_peer.ts";
import { canBeDirect, KINDS } from "./kinds.ts";
import { Lab } from "./lab.ts";
import { ReferencePeer } from "./reference_peer.ts";
import { Traffic } from "./traffic.ts";

/** When the reference's UDP is active, before or after our engine starts, milliseconds. */
const OFFSETS_MS = [-2_000, -500, -100, 0, 100, 500, 2_000];

Deno.test("a reference peer is not black-holed, whoever starts earlier (wire 57)", () => {
  for (const offsetMs of OFFSETS_MS) {
    for (const ours of KINDS) {
      for (const theirs of KINDS) {
        const lab = new Lab({ seed: 2 });
        const { clock, rng, stunServers } = lab;
        const us = new EnginePeer({
          host: lab.host(lab.site(ours)),
          clock,
          rng,
          role: "agent",
          peer: "reference",
          stunServers,
        });
        const them = new ReferencePeer({
          host: lab.host(lab.site(theirs)),
          clock,
          rng,
          stunServer: stunServers[1]!,
        });
        lab.join(us, them);
        clock.setTimer(() => us.start(), 2_000);
        clock.setTimer(() => them.start(), 2_000 + offsetMs);
        const traffic = new Traffic(lab, [us, them]);
        lab.runUntil(30_000);
        const name = `ours ${ours}, theirs ${theirs}, ${offsetMs} ms later`;
        assert.deepEqual(traffic.lost(), [], name);
        const expected = canBeDirect(ours, theirs);
        assert.deepEqual([us.isDirect, them.isDirect], [expected, expected], name);
      }
    }
  }
});
