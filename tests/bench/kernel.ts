/**
 * Bulk throughput between our TCP over WireGuard and the Linux kernel's, beside the kernel's own with
 * `wireguard-go` at both ends, over the same simulated link. Needs what `tests/interop` needs to make
 * namespaces. `deno run -A tests/bench/kernel.ts [SECONDS]`.
 *
 * @module
 */

import type { LinkOptions } from "../simnet/link.ts";
import { KernelPair } from "../interop/kernel_pair.ts";
import { KernelRig } from "../interop/kernel_rig.ts";
import { whyNoNetns } from "../interop/netns.ts";
import type { Outcome, Step } from "../interop/tcp_script.ts";

const SEED = 1;

/** Of a mean of 6.3 MB/s at 50 ms, twice what is under way: neither starved nor bloated. */
const SLOW: LinkOptions = { delayMs: 25, bitsPerSecond: 100e6, queueBytes: 625_000 };

const LINKS: readonly [name: string, link: LinkOptions][] = [
  ["no limit, no loss", {}],
  ["50 ms, 100 Mbit/s", SLOW],
  ["50 ms, 100 Mbit/s, 0.1 % loss", { ...SLOW, loss: 0.001 }],
  ["50 ms, 100 Mbit/s, 1 % loss", { ...SLOW, loss: 0.01 }],
  ["50 ms, 100 Mbit/s, 60 kB queue", { ...SLOW, queueBytes: 60_000 }],
  ["50 ms, 100 Mbit/s, 20 kB queue", { ...SLOW, queueBytes: 20_000 }],
];

/** What the kernel uses where nobody has chosen; the machine of the bench may have. */
const CONGESTION_CONTROL = "cubic";

const seconds = Number(Deno.args[0] ?? 10);
const sender: Step[] = [{ do: "send-for", ms: seconds * 1_000 }, { do: "finish" }, {
  do: "receive",
}];
const receiver: Step[] = [{ do: "receive" }, { do: "finish" }];

const mbit = ({ received, elapsedMs }: Outcome) => (received * 8 / elapsedMs / 1e3).toFixed(1);

/** Our end and the kernel: from us, and to us. */
async function measureOurs(link: LinkOptions): Promise<string[]> {
  const network = { link, seed: SEED, isOwnProcess: true };
  await using rig = await KernelRig.create({ network });
  await rig.go.setCongestionControl(CONGESTION_CONTROL);
  const up = await rig.meet({ opener: "we", ours: sender, theirs: receiver });
  const down = await rig.meet({ opener: "we", ours: receiver, theirs: sender });
  return [mbit(up.theirs[0]!), mbit(down.ours[0]!)];
}

/** The kernel with itself. */
async function measureKernel(link: LinkOptions): Promise<string> {
  await using pair = await KernelPair.create({ link, seed: SEED });
  for (const go of pair.gos) await go.setCongestionControl(CONGESTION_CONTROL);
  return mbit(await pair.send(sender, receiver));
}

function print(...columns: string[]): void {
  const [first = "", ...rest] = columns;
  const line = first.padEnd(32) + rest.map((text) => text.padStart(18)).join("");
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const missing = await whyNoNetns({ programs: ["wireguard-go", "wg", "chrt"], tun: true });
if (missing !== undefined) {
  print(`Cannot measure: ${missing}`);
  Deno.exit(1);
}
print("Mbit/s, one connection", "ours to kernel", "kernel to ours", "kernel to kernel");
for (const [name, link] of LINKS) {
  print(name, ...await measureOurs(link), await measureKernel(link));
}
