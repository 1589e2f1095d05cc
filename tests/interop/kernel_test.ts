import assert from "node:assert/strict";
import { noise, sha256 } from "../rig/data.ts";
import { KernelRig, type Met, type Opener, OURS, THEIRS } from "./kernel_rig.ts";
import { waitUntil, whyNoNetns } from "./netns.ts";
import type { Outcome, Step } from "./tcp_script.ts";

const missing = await whyNoNetns({ programs: ["wireguard-go", "wg"], tun: true });
const why = missing === undefined ? "" : ` (skipped: ${missing})`;

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `TCP and the Linux kernel ${name}${why}`, ignore: why !== "", fn });
}

const MIB = 1 << 20;
const OPENERS: Opener[] = ["we", "the kernel"];

/** Both ends of a connection that ended with a FIN each way. */
function assertCarried(
  { ours, theirs }: { ours: Outcome; theirs: Outcome },
  sent: { byUs: Uint8Array; byKernel: Uint8Array },
): void {
  assert.deepEqual([ours.ended, theirs.ended], ["fin", "fin"]);
  assert.deepEqual([theirs.received, ours.received], [sent.byUs.length, sent.byKernel.length]);
  assert.equal(theirs.sha256, sha256(sent.byUs));
  assert.equal(ours.sha256, sha256(sent.byKernel));
}

const only = ({ ours, theirs }: Met) => ({ ours: ours[0]!, theirs: theirs[0]! });
const send = (bytes: number, seed: number, chunkBytes?: number): Step => {
  return chunkBytes === undefined
    ? { do: "send", bytes, seed }
    : { do: "send", bytes, seed, chunkBytes };
};
const finish: Step = { do: "finish" };
const receive: Step = { do: "receive" };
const nothing = new Uint8Array(0);

test("carry 64 MiB each way on a connection that we open", async () => {
  await using rig = await KernelRig.create();
  const there = await rig.meet({
    opener: "we",
    ours: [send(64 * MIB, 1), finish, receive],
    theirs: [receive, finish],
  });
  assertCarried(only(there), { byUs: noise(64 * MIB, 1), byKernel: nothing });
  const back = await rig.meet({
    opener: "we",
    ours: [receive, finish],
    theirs: [send(64 * MIB, 2), finish, receive],
  });
  assertCarried(only(back), { byUs: nothing, byKernel: noise(64 * MIB, 2) });
});

test("carry 16 MiB both ways at once on a connection that the kernel opens", async () => {
  await using rig = await KernelRig.create();
  const met = await rig.meet({
    opener: "the kernel",
    ours: [{ do: "exchange", bytes: 16 * MIB, seed: 3 }],
    theirs: [{ do: "exchange", bytes: 16 * MIB, seed: 4 }],
  });
  assertCarried(only(met), { byUs: noise(16 * MIB, 3), byKernel: noise(16 * MIB, 4) });
});

test("carry on one way when the other is finished", async () => {
  await using rig = await KernelRig.create();
  const [early, late] = [noise(MIB, 5), noise(2 * MIB, 6)];
  const first: Step[] = [send(MIB, 5), finish, receive];
  const second: Step[] = [receive, send(2 * MIB, 6), finish];
  for (const opener of OPENERS) {
    const weFirst = await rig.meet({ opener, ours: first, theirs: second });
    assertCarried(only(weFirst), { byUs: early, byKernel: late });
    const theyFirst = await rig.meet({ opener, ours: second, theirs: first });
    assertCarried(only(theyFirst), { byUs: late, byKernel: early });
  }
});

test("tell each other resets", async () => {
  await using rig = await KernelRig.create();
  for (const opener of OPENERS) {
    const weReset = await rig.meet({
      opener,
      ours: [{ do: "receive", bytes: 1 }, { do: "reset" }],
      theirs: [send(1, 1), receive],
    });
    assert.equal(only(weReset).theirs.ended, "reset");

    const read: Step = { do: "receive", bytes: 1 };
    const whileWeRead = await rig.meet({
      opener,
      ours: [send(1_000, 1), receive],
      theirs: [read, { do: "reset" }],
    });
    assert.equal(only(whileWeRead).ours.ended, "reset");
    const whileWeWrite = await rig.meet({
      opener,
      ours: [send(16 * MIB, 1)],
      theirs: [read, { do: "reset" }],
    });
    assert.equal(only(whileWeWrite).ours.ended, "reset");
  }
});

test("refuse connections to ports without a listener", async () => {
  await using rig = await KernelRig.create();
  const { ours, kernel } = rig;
  await assert.rejects(ours.netstack.connect({ port: 9 }), { code: "refused" });
  const { outcomes } = await kernel.connect({ hostname: OURS, port: 9 }, { steps: [] });
  assert.equal((await outcomes)[0]!.ended, "refused");
});

/** Whether a packet of IP with TCP announces no room, other than a reset. */
function closesWindow(packet: Uint8Array): boolean {
  const tcp = (packet[0]! & 15) * 4;
  const isReset = (packet[tcp + 13]! & 4) !== 0;
  return packet[9] === 6 && !isReset && packet[tcp + 14] === 0 && packet[tcp + 15] === 0;
}

test("wait for a reader that stops, and go on when it does", async () => {
  await using rig = await KernelRig.create();
  const closed = { in: 0, out: 0 };
  rig.ours.onPacket = (direction, packet) => {
    if (closesWindow(packet)) closed[direction]++;
  };
  const sender: Step[] = [send(16 * MIB, 7), finish, receive];
  const reader: Step[] = [{ do: "wait" }, receive, finish];
  const bytes = noise(16 * MIB, 7);
  for (const opener of OPENERS) {
    closed.in = closed.out = 0;
    const kernelStops = await rig.meet({
      opener,
      ours: sender,
      theirs: reader,
      theyMayGoOn: () => waitUntil("the kernel's window closing", () => closed.in > 0),
    });
    assertCarried(only(kernelStops), { byUs: bytes, byKernel: nothing });
    const weStop = await rig.meet({
      opener,
      ours: reader,
      theirs: sender,
      weMayGoOn: () => waitUntil("our window closing", () => closed.out > 0),
    });
    assertCarried(only(weStop), { byUs: nothing, byKernel: bytes });
  }
});

test("carry many small writes", async () => {
  await using rig = await KernelRig.create();
  const bytes = noise(70_000, 8);
  for (const opener of OPENERS) {
    const sender: Step[] = [send(bytes.length, 8, 7), finish, receive];
    const echo: Step[] = [{ do: "echo" }];
    const weSend = await rig.meet({ opener, ours: sender, theirs: echo });
    assertCarried(only(weSend), { byUs: bytes, byKernel: bytes });
    const theySend = await rig.meet({ opener, ours: echo, theirs: sender });
    assertCarried(only(theySend), { byUs: bytes, byKernel: bytes });
  }
});

test("carry 50 connections at once", async () => {
  await using rig = await KernelRig.create();
  const [byUs, byKernel] = [noise(MIB / 4, 9), noise(MIB / 4, 10)];
  for (const opener of OPENERS) {
    const met = await rig.meet({
      opener,
      count: 50,
      ours: [{ do: "exchange", bytes: byUs.length, seed: 9 }],
      theirs: [{ do: "exchange", bytes: byKernel.length, seed: 10 }],
    });
    assert.deepEqual([met.ours.length, met.theirs.length], [50, 50]);
    met.ours.forEach((ours, i) => {
      assertCarried({ ours, theirs: met.theirs[i]! }, { byUs, byKernel });
    });
  }
});

/** Remembers the largest packet each way. */
function watchSizes(rig: KernelRig): { in: number; out: number } {
  const largest = { in: 0, out: 0 };
  rig.ours.onPacket = (direction, packet) => {
    // The padding is WireGuard's.
    largest[direction] = Math.max(largest[direction], packet[2]! << 8 | packet[3]!);
  };
  return largest;
}

const bothWays: Pick<Parameters<KernelRig["meet"]>[0], "ours" | "theirs"> = {
  ours: [{ do: "exchange", bytes: MIB, seed: 11 }],
  theirs: [{ do: "exchange", bytes: MIB, seed: 12 }],
};

test("keep to the smaller MSS when the kernel's link is narrow", async () => {
  await using rig = await KernelRig.create();
  await rig.go.setMtu(600);
  const largest = watchSizes(rig);
  for (const opener of OPENERS) {
    const met = await rig.meet({ opener, ...bothWays });
    assertCarried(only(met), { byUs: noise(MIB, 11), byKernel: noise(MIB, 12) });
  }
  assert.deepEqual(largest, { in: 600, out: 600 });
});

test("keep to the smaller MSS when our link is narrow", async () => {
  await using rig = await KernelRig.create({ ourMtuBytes: 600 });
  const largest = watchSizes(rig);
  for (const opener of OPENERS) {
    const met = await rig.meet({ opener, ...bothWays });
    assertCarried(only(met), { byUs: noise(MIB, 11), byKernel: noise(MIB, 12) });
  }
  assert.deepEqual(largest, { in: 600, out: 600 });
});

test("keep a connection whose path becomes narrow, and wide again", async () => {
  await using rig = await KernelRig.create();
  const largest = watchSizes(rig);
  const outs: number[] = [];
  const { netstack } = rig.ours;
  const steps: Step[] = [];
  for (let i = 0; i < 3; i++) {
    steps.push({ do: "wait" }, send(MIB, 13 + i), { do: "receive", bytes: i + 1 });
  }
  let turn = 0;
  const met = await rig.meet({
    opener: "we",
    ours: [...steps, finish, receive],
    // A byte for each mebibyte, which tells us that all of it has arrived.
    theirs: [1, 2, 3].flatMap((i): Step[] => [{ do: "receive", bytes: i * MIB }, send(1, i)])
      .concat(receive, finish),
    weMayGoOn: () => {
      outs.push(largest.out);
      largest.out = 0;
      netstack.setMtu([1_420, 700, 1_420][turn++]!);
      return Promise.resolve();
    },
  });
  assert.deepEqual([...outs.slice(1), largest.out], [1_420, 700, 1_420]);
  const sent = [13, 14, 15].flatMap((seed) => [...noise(MIB, seed)]);
  assert.equal(only(met).theirs.sha256, sha256(Uint8Array.from(sent)));
  assert.equal(only(met).ours.received, 3);
});

test("end all connections when our stack closes", async () => {
  await using rig = await KernelRig.create();
  const steps: Step[] = [send(1, 1), receive];
  const { outcomes, port } = await rig.kernel.listen({ steps, count: 5 });
  const opened = Array.from({ length: 5 }, async () => {
    const conn = await rig.ours.netstack.connect({ port });
    assert.equal(conn.remoteAddr.hostname, THEIRS);
    return await conn.read(new Uint8Array(1));
  });
  assert.deepEqual(await Promise.all(opened), Array(5).fill(1));
  rig.ours.netstack.close();
  assert.deepEqual((await outcomes).map(({ ended }) => ended), Array(5).fill("reset"));
});
