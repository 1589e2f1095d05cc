/** Faults at random, one after the other and on top of each other; a stream has to go on through all. */
import { PATH_KINDS } from "../../core/path/mod.ts";
import type { Rng } from "../simnet/mod.ts";
import { passTime } from "./echo_stream.ts";
import { Lab } from "./lab.ts";
import type { Nat } from "./nat.ts";
import { LabTunnels } from "./tunnel_pair.ts";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const FAULTS = 30;

/**
 * A path that died is left within 10 s. An end that leaves one can come to another that died by the same
 * fault, and what is echoed has two ways to go.
 */
const LIMIT_MS = 20_000;

function pick<T>(rng: Rng, choices: readonly T[]): T {
  return choices[Math.floor(rng.next() * choices.length)]!;
}

/** Something goes wrong, or is right again. */
function disturb(
  rng: Rng,
  { nats, tunnels }: { nats: readonly Nat[]; tunnels: LabTunnels },
): string {
  const nat = pick(rng, nats);
  const blocked = pick(rng, [true, "in", "out", false, false] as const);
  const [kind, other] = [pick(rng, PATH_KINDS), pick(rng, PATH_KINDS)];
  const faults: Record<string, () => void> = {
    [`UDP blocked: ${blocked}`]: () => void (nat.behaviour = { ...nat.behaviour, blocked }),
    "NAT restarted": () => nat.rebind(),
    // Both at once, to the same path or past each other.
    [`agent by ${kind}, client by ${other}`]: () => {
      tunnels.agent.usePath(kind);
      tunnels.client.usePath(other);
    },
    "both asked to look again": () => {
      tunnels.agent.probeNow();
      tunnels.client.probeNow();
    },
  };
  const [name, fault] = pick(rng, Object.entries(faults));
  fault();
  return name;
}

Deno.test("a stream outlives 30 faults of its paths in a row, in one direction or both", async () => {
  for (const seed of SEEDS) {
    const lab = new Lab({ seed, jitterMs: seed % 2 * 5, loss: seed % 3 === 0 ? 0.01 : 0 });
    const sites = [lab.site("port restricted"), lab.site("restricted")] as const;
    const tunnels = new LabTunnels(lab, [lab.host(sites[0]), lab.host(sites[1])]);
    await passTime(lab, 1_000);
    const stream = await tunnels.open();
    const nats = sites.flatMap((site) => site.nats);
    const done: string[] = [];
    try {
      for (let i = 0; i < FAULTS; i++) {
        await passTime(lab, lab.rng.next() * 5_000);
        done.push(disturb(lab.rng, { nats, tunnels }));
        await stream.roundTrip(5_000, LIMIT_MS);
      }
    } catch (error) {
      throw new Error(`seed ${seed}, after ${done.join("; ")}`, { cause: error });
    }
    await tunnels.close();
  }
});
