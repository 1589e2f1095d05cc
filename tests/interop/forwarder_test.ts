import assert from "node:assert/strict";
import { noise, sha256 } from "../rig/data.ts";
import type { LinkOptions } from "../simnet/link.ts";
import { Forwarder } from "./forwarder.ts";
import { KernelRig, type Met, type Network } from "./kernel_rig.ts";
import { waitUntil, whyNoNetns } from "./netns.ts";
import { UdpEnd } from "./udp.ts";

/** Sends 200 numbered datagrams through a forwarder; returns the numbers in the order of arrival. */
async function pass(link: LinkOptions, seed: number): Promise<number[]> {
  const count = 200;
  await using stack = new AsyncDisposableStack();
  const bind = async () => stack.use(await UdpEnd.bind("127.0.0.1"));
  const [left, near, far, right] = [await bind(), await bind(), await bind(), await bind()];
  left.peer = near.address;
  near.peer = left.address;
  far.peer = right.address;
  const forwarder = stack.use(new Forwarder({ ends: [near, far], link, seed }));
  const arrived: number[] = [];
  right.onDatagram((bytes) => arrived.push(bytes[0]!));
  for (let i = 0; i < count; i++) left.send(Uint8Array.of(i));
  await waitUntil("all arriving that were not dropped", () => {
    const { packets, dropped } = forwarder.forth;
    return packets === count && arrived.length >= count - dropped;
  });
  return arrived;
}

Deno.test("Forwarder drops what the seed says, and nothing else", async () => {
  const first = await pass({ loss: 0.3 }, 7);
  assert.ok(first.length > 100 && first.length < 180, `${first.length}`);
  assert.deepEqual(first, first.toSorted((a, b) => a - b));
  assert.deepEqual(await pass({ loss: 0.3 }, 7), first);
  assert.notDeepEqual(await pass({ loss: 0.3 }, 8), first);
});

Deno.test("Forwarder lets later datagrams overtake when asked to", async () => {
  const arrived = await pass({ reorder: 0.2, reorderMs: 50 }, 7);
  const sorted = arrived.toSorted((a, b) => a - b);
  assert.deepEqual(sorted, Array.from({ length: 200 }, (_, i) => i));
  assert.notDeepEqual(arrived, sorted);
});

Deno.test("Forwarder keeps datagrams in order when their delay varies", async () => {
  const arrived = await pass({ delayMs: 5, jitterMs: 30 }, 7);
  assert.deepEqual(arrived, Array.from({ length: 200 }, (_, i) => i));
});

Deno.test("Forwarder drops what does not fit into the queue of a slow link", async () => {
  // Twenty bytes are sent in 200 ms: no machine is so slow that it has not sent all 200 long before.
  const arrived = await pass({ bitsPerSecond: 800, queueBytes: 20 }, 7);
  assert.ok(arrived.length < 200 && arrived.length >= 20, `${arrived.length}`);
});

const missing = await whyNoNetns({ programs: ["wireguard-go", "wg"], tun: true });
const why = missing === undefined ? "" : ` (skipped: ${missing})`;

const MIB = 1 << 20;
const FAST = { bitsPerSecond: 100e6, queueBytes: 250_000 };

/** At most 3 s each, as the congestion control of both ends has it at so much loss and delay. */
const networks: [name: string, sizeBytes: number, network: Network][] = [
  ["20 ms and 100 Mbit/s", 4 * MIB, { seed: 1, link: { ...FAST, delayMs: 10 } }],
  ["a queue of 30 KB", 2 * MIB, {
    seed: 2,
    link: { delayMs: 10, bitsPerSecond: 40e6, queueBytes: 30_000 },
  }],
  ["1 % loss", MIB, { seed: 3, link: { ...FAST, delayMs: 10, loss: 0.01 } }],
  ["3 % loss and 50 ms", MIB / 4, { seed: 4, link: { ...FAST, delayMs: 25, loss: 0.03 } }],
  ["10 % loss towards the kernel", MIB / 8, {
    seed: 5,
    link: { delayMs: 10, loss: 0.1 },
    back: { delayMs: 10 },
  }],
  ["jitter of 20 ms", MIB, { seed: 6, link: { ...FAST, delayMs: 10, jitterMs: 20 } }],
  ["packets overtaking each other", MIB, {
    seed: 7,
    link: { ...FAST, delayMs: 10, reorder: 0.05, reorderMs: 3 },
  }],
  ["packets that come twice", MIB, { seed: 8, link: { delayMs: 10, duplicate: 0.1 } }],
  ["everything at once", MIB / 4, {
    seed: 9,
    link: {
      delayMs: 15,
      jitterMs: 10,
      loss: 0.02,
      duplicate: 0.02,
      reorder: 0.02,
      bitsPerSecond: 20e6,
      queueBytes: 100_000,
    },
  }],
];

/** Each end sends so much while it receives, on a connection that either opens. */
async function exchange(rig: KernelRig, sizeBytes: number): Promise<Met[]> {
  const both = {
    ours: [{ do: "exchange", bytes: sizeBytes, seed: 1 } as const],
    theirs: [{ do: "exchange", bytes: sizeBytes, seed: 2 } as const],
  };
  return await Promise.all([
    rig.meet({ opener: "we", ...both }),
    rig.meet({ opener: "the kernel", ...both }),
  ]);
}

for (const [name, sizeBytes, network] of networks) {
  Deno.test({
    name: `TCP and the Linux kernel deliver every byte with ${name}${why}`,
    ignore: why !== "",
    async fn() {
      await using rig = await KernelRig.create({ network });
      const [byUs, byKernel] = [sha256(noise(sizeBytes, 1)), sha256(noise(sizeBytes, 2))];
      for (const { ours: [ours], theirs: [theirs] } of await exchange(rig, sizeBytes)) {
        assert.deepEqual([ours!.ended, theirs!.ended], ["fin", "fin"]);
        assert.deepEqual([theirs!.sha256, ours!.sha256], [byUs, byKernel]);
      }
      const { forth, back } = rig.forwarder!;
      const drops = [network.link, network.back ?? network.link].map(({ loss }) => loss ?? 0);
      assert.ok(drops[0] === 0 || forth.dropped > 0, `${forth.dropped} dropped`);
      assert.ok(drops[1] === 0 || back.dropped > 0, `${back.dropped} dropped`);
    },
  });
}
