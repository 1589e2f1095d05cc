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
  const resident = () => Promise.all(programs.map((program) => residentBytes(program.pid)));
  await round(1);
  const before = await resident();
  await round(2);
  const after = await resident();
  programs.forEach(({ name }, i) => {
    if (before[i] === undefined || after[i] === undefined) return;
    assert.ok(
      after[i]! < 1.2 * before[i]!,
      `${name} grew from ${before[i]} to ${after[i]} bytes resident`,
    );
  });
});
