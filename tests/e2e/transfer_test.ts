import assert from "node:assert/strict";
import {
  dial,
  echo,
  Fabric,
  noise,
  readExactly,
  readToEnd,
  residentBytes,
  sha256,
  Target,
  writeAll,
} from "../rig/mod.ts";

const MIB = 1024 * 1024;

/** Rounds until the garbage collector has found its size, as measured: five. */
const WARM_UP_ROUNDS = 5;

/** Rounds that must not need more: a leak of 0.2 MB for each stream would show. */
const LATER_ROUNDS = 3;

/** Sends `bytes` to an echo service and checks that the same came back, whole and in order. */
async function exchange(port: number, bytes: Uint8Array): Promise<void> {
  using connection = await dial(port);
  const [returned] = await Promise.all([
    readToEnd(connection),
    writeAll(connection, bytes).then(() => connection.closeWrite()),
  ]);
  assert.equal(returned.length, bytes.length);
  assert.equal(sha256(returned), sha256(bytes));
}

Deno.test("the tunnel carries 1 MiB each way unchanged (agent 28)", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  await exchange(fabric.localPort(), noise(MIB, 28));
});

Deno.test("100 parallel connections do not disturb each other (agent 29)", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  using idle = await dial(fabric.localPort());
  await writeAll(idle, noise(1, 0));
  await readExactly(idle, 1);
  const sizes = Array.from({ length: 100 }, (_, i) => 1 + i * 997);
  await Promise.all(sizes.map((size, seed) => exchange(fabric.localPort(), noise(size, seed))));
  await target.waitForOpen(1);
  await writeAll(idle, noise(1, 0));
  assert.deepEqual(await readExactly(idle, 1), noise(1, 0));
});

Deno.test("200 streams of up to 1 MB at once keep every byte and leave no memory behind", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  const round = async (seed: number) => {
    const sizes = new Uint32Array(noise(200 * 4, seed).buffer).map((word) => word % 1_000_000);
    await Promise.all([...sizes].map((size, i) => exchange(fabric.localPort(), noise(size, i))));
    await target.waitForOpen(0);
  };
  const programs = [fabric.hub, fabric.agent, fabric.client];
  const measured: (number | undefined)[][] = [];
  for (let seed = 1; seed <= WARM_UP_ROUNDS + LATER_ROUNDS; seed++) {
    await round(seed);
    measured.push(await Promise.all(programs.map(({ pid }) => residentBytes(pid))));
  }
  programs.forEach(({ name }, i) => {
    const bytes = measured.map((row) => row[i]).filter((value) => value !== undefined);
    if (bytes.length < measured.length) return;
    const before = Math.max(...bytes.slice(0, WARM_UP_ROUNDS));
    const after = Math.min(...bytes.slice(WARM_UP_ROUNDS));
    assert.ok(after < 1.2 * before, `${name} grew from ${before} to ${after} bytes resident`);
  });
});
