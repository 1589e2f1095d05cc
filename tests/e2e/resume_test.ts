/**
 * Copies that outlive what carries them. More of it by hand, as `TELA_TEST_BREAKS=20 TELA_TEST_MIB=1024
 * TELA_TEST_REPORT=1 deno test -A tests/e2e/resume_test.ts`: so many breaks, so many MiB each way, and
 * the pauses on standard error.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Cutter, dial, echo, Fabric, noise, Target, until, within, writeAll } from "../rig/mod.ts";

const MIB = 1024 * 1024;

/** More than all buffers on the way hold: a break always hits data that is under way. */
const MIN_MIB_A_BREAK = 24;

const BREAKS = Number(Deno.env.get("TELA_TEST_BREAKS") ?? 3);
const TOTAL_MIB = Math.max(
  Number(Deno.env.get("TELA_TEST_MIB") ?? 0),
  (BREAKS + 1) * MIN_MIB_A_BREAK,
);

/** Longer than any number of breaks and any size asked for by hand. */
const DEADLINE_MS = 120_000 + BREAKS * 10_000 + TOTAL_MIB * 500;

/** Sends chunks without pattern, and ends its direction; the hash of them all. */
async function send(connection: Deno.TcpConn): Promise<string> {
  const hash = createHash("sha256");
  for (let i = 0; i < TOTAL_MIB; i++) {
    const chunk = noise(MIB, i);
    hash.update(chunk);
    await writeAll(connection, chunk);
  }
  await connection.closeWrite();
  return hash.digest("hex");
}

/** Where in its part of the copy each break comes, 0 to 255; the same for the same seed. */
const PLACES = noise(BREAKS, 4);

/**
 * Copies through an echo service, and breaks something in each part of the copy. `brk` resolves with the
 * milliseconds that it took to go on, once it does.
 */
async function copy(
  port: number,
  { what, brk }: { what: string; brk: (nth: number) => Promise<number> },
): Promise<void> {
  using connection = await dial(port);
  const sending = send(connection);
  const hash = createHash("sha256");
  const pausesMs: number[] = [];
  const buffer = new Uint8Array(256 * 1024);
  let lengthBytes = 0;
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) break;
    hash.update(buffer.subarray(0, count));
    lengthBytes += count;
    const nth = pausesMs.length;
    const atPart = nth + 0.2 + 0.6 * (PLACES[nth] ?? 0) / 255;
    if (nth < BREAKS && lengthBytes > atPart * TOTAL_MIB * MIB / (BREAKS + 1)) {
      pausesMs.push(await brk(nth));
    }
  }
  assert.equal(lengthBytes, TOTAL_MIB * MIB);
  assert.equal(hash.digest("hex"), await sending);
  assert.equal(pausesMs.length, BREAKS);
  report(what, pausesMs);
}

function report(what: string, pausesMs: readonly number[]): void {
  if (!Deno.env.has("TELA_TEST_REPORT")) return;
  const mean = pausesMs.reduce((sum, ms) => sum + ms, 0) / pausesMs.length;
  const line = `${what}: ${pausesMs.length} times, pause ${mean.toFixed(0)} ms on average, ` +
    `${Math.max(...pausesMs).toFixed(0)} ms at worst\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(line));
}

/** Milliseconds from the end of `mend` until the client has its session again. */
async function pauseAfter(fabric: Fabric, mend: () => Promise<void>): Promise<number> {
  const from = fabric.client.mark();
  await mend();
  const startMs = performance.now();
  await fabric.client.waitForLine(/Session resumed after/, { from });
  return performance.now() - startMs;
}

Deno.test("a copy both ways goes on when the hub is killed and restarted, again and again", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  const brk = () =>
    pauseAfter(fabric, async () => {
      await fabric.hub.kill();
      await fabric.startHub();
    });
  const copying = copy(fabric.localPort(), { what: "hub killed", brk });
  await within(copying, { what: "the end of the copy", deadlineMs: DEADLINE_MS });
  assert.equal((fabric.client.output.match(/Session resumed/g) ?? []).length, BREAKS);
});

Deno.test("a copy both ways goes on when the agent's or the client's connections are cut at any moment", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.create();
  await fabric.startHub();
  await using agentSide = new Cutter(() => fabric.hubPort);
  await using clientSide = new Cutter(() => fabric.hubPort);
  fabric.hubUrlForPeers = `ws://127.0.0.1:${agentSide.port}`;
  await fabric.startAgent([target.port]);
  fabric.hubUrlForPeers = `ws://127.0.0.1:${clientSide.port}`;
  await fabric.startClient([target.port]);
  const brk = (nth: number) =>
    pauseAfter(fabric, () => {
      if (nth % 3 !== 1) assert.ok(agentSide.cut() >= 2);
      if (nth % 3 !== 0) assert.ok(clientSide.cut() >= 1);
      return Promise.resolve();
    });
  const copying = copy(fabric.localPort(), { what: "connections cut", brk });
  await within(copying, { what: "the end of the copy", deadlineMs: DEADLINE_MS });
  assert.match(fabric.agent.output, /waits up to 120 s for its client/);
});

Deno.test("an agent that was restarted ends old connections, and the client's next one is served", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  using old = await dial(fabric.localPort());
  await writeAll(old, new Uint8Array([1]));
  await old.read(new Uint8Array(1));
  await fabric.agent.kill();
  await fabric.startAgent([target.port]);
  const gone = old.read(new Uint8Array(1)).catch((error) => {
    if (error instanceof Deno.errors.ConnectionReset) return null;
    throw error;
  });
  assert.equal(await within(gone, { what: "the end of the old connection" }), null);
  await fabric.client.waitForLine(
    /Open connections are reset: the agent no longer has the session/,
  );
  using next = await dial(fabric.localPort());
  await writeAll(next, new Uint8Array([2]));
  assert.equal(await next.read(new Uint8Array(1)), 1);
});

Deno.test("a client keeps the agent's identity, and refuses another or none until it is told", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  const first = await fabric.agent.waitForLine(/identity (SHA256:\S+)/);
  await fabric.client.waitForLine(/First contact with machine "barn"/);
  const known = `${fabric.home("client")}/.tela/known_agents`;
  const path = Deno.build.os === "windows" ? `${fabric.home("client")}/tela/known_agents` : known;
  assert.ok((await Deno.readTextFile(path)).includes(` barn ${first[1]}\n`));
  await fabric.agent.stop();
  for await (const { name } of Deno.readDir(`${fabric.home("agent")}/.tela`)) {
    if (name === "telad.key") await Deno.remove(`${fabric.home("agent")}/.tela/${name}`);
  }
  await fabric.startAgent([target.port]);
  const second = await fabric.agent.waitForLine(/identity (SHA256:\S+)/);
  assert.notEqual(second[1], first[1]);
  await fabric.client.waitForLine(/WARNING: the identity of machine "barn" has changed/);
  assert.equal((await fabric.client.ended).code, 1);
  await fabric.startClient([target.port], ["-accept-identity", second[1]!]);
  using connection = await dial(fabric.localPort());
  await writeAll(connection, new Uint8Array([3]));
  assert.equal(await connection.read(new Uint8Array(1)), 1);
  await until(async () => (await Deno.readTextFile(path)).includes(second[1]!), {
    what: "the new identity in known_agents",
  });
});
