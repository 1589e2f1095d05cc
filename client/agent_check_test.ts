import assert from "node:assert/strict";
import { ManualClock } from "../core/clock/mod.ts";
import { agentHello, AgentIdentity, KnownAgents } from "../core/identity/mod.ts";
import { createLog } from "../core/log/mod.ts";
import { AgentCheck, type AgentCheckOptions } from "./agent_check.ts";
import type { SessionGrant } from "./session.ts";

const keys = { privateKey: new Uint8Array(32), publicKey: new Uint8Array(32).fill(2) };
const agentKey = new Uint8Array(32).fill(1);
const ours = new AgentIdentity(new Uint8Array(32).fill(7));
const other = new AgentIdentity(new Uint8Array(32).fill(8));

/** A grant by an agent of ours, or by one of the reference. */
function grantBy(identity?: AgentIdentity): SessionGrant {
  const grant = { sessionIdx: 1, peerPublicKey: agentKey, ports: [] };
  if (identity === undefined) return grant;
  const session = { machine: "barn", agentKey, clientKey: keys.publicKey };
  return { ...grant, hello: agentHello(identity, { ...session, features: ["resume"] }) };
}

interface Bench {
  readonly known: KnownAgents;
  readonly lines: string[];
  check(grant: SessionGrant, more?: Partial<AgentCheckOptions>): ReturnType<AgentCheck["check"]>;
}

async function bench(body: (bench: Bench) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  const known = new KnownAgents(`${dir}/known_agents`);
  const lines: string[] = [];
  const write = (line: string) => lines.push(line.slice(line.indexOf("]") + 2));
  const options: AgentCheckOptions = {
    hubUrl: "wss://hub.example/",
    machine: "barn",
    known,
    acceptIdentity: undefined,
    requireVerified: false,
    log: createLog({ component: "tela", write, clock: new ManualClock() }),
  };
  try {
    const check: Bench["check"] = (grant, more) =>
      new AgentCheck({ ...options, ...more }).check(grant, keys);
    await body({ known, lines, check });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const NAME = { hub: "wss://hub.example", machine: "barn" };

Deno.test("AgentCheck takes an unknown agent once, tells its fingerprint, and knows it then", () =>
  bench(async ({ known, lines, check }) => {
    const { fingerprint } = ours;
    assert.deepEqual(await check(grantBy(ours)), {
      kind: "ours",
      fingerprint,
      verified: "first-use",
    });
    assert.deepEqual(lines, [
      `First contact with machine "barn": its agent is ${fingerprint} from now on`,
    ]);
    assert.equal((await known.find(NAME))?.fingerprint, fingerprint);
    const again = await check(grantBy(ours), { hubUrl: "WSS://hub.example" });
    assert.deepEqual(again, { kind: "ours", fingerprint, verified: "pinned" });
    assert.equal(lines.length, 1);
  }));

Deno.test("AgentCheck refuses a known agent that shows another identity, or none, and says what to do", () =>
  bench(async ({ known, lines, check }) => {
    await check(grantBy(ours));
    for (const impostor of [other, undefined]) {
      lines.length = 0;
      await assert.rejects(check(grantBy(impostor)), { code: "identity-changed" });
      const text = lines.join("\n");
      assert.match(text, /^WARNING: the identity of machine "barn" has changed\n/);
      assert.ok(text.includes(`Known: ${ours.fingerprint} (line 2 of ${known.path})`), text);
      assert.ok(text.includes(`shown now: ${impostor?.fingerprint ?? "none"}`), text);
      assert.ok(text.includes(`remove line 2 of ${known.path}`), text);
      assert.equal(text.includes("use -accept-identity SHA256:"), impostor !== undefined);
      assert.equal((await known.find(NAME))?.fingerprint, ours.fingerprint);
    }
    await check(grantBy(ours));
  }));

Deno.test("AgentCheck takes exactly the identity that it is told to accept, and keeps it", () =>
  bench(async ({ known, check }) => {
    await check(grantBy(ours));
    const accept = { acceptIdentity: other.fingerprint };
    for (const wrong of [ours, undefined]) {
      await assert.rejects(check(grantBy(wrong), accept), { code: "identity-changed" });
    }
    assert.equal((await known.find(NAME))?.fingerprint, ours.fingerprint);
    assert.equal((await check(grantBy(other), accept)).verified, "pinned");
    assert.equal((await known.find(NAME))?.fingerprint, other.fingerprint);
  }));

Deno.test("AgentCheck refuses whatever is not known when it must be verified", () =>
  bench(async ({ known, check }) => {
    const strict = { requireVerified: true };
    await assert.rejects(check(grantBy(ours), strict), { code: "unverified" });
    await assert.rejects(check(grantBy(), strict), { code: "unverified" });
    assert.equal(await known.find(NAME), undefined);
    await known.set(NAME, ours.fingerprint);
    assert.equal((await check(grantBy(ours), strict)).verified, "pinned");
    await assert.rejects(check(grantBy(ours), { ...strict, known: undefined }), {
      code: "unverified",
    });
  }));

Deno.test("AgentCheck refuses a hello that was signed for other keys, even of an unknown agent", () =>
  bench(async ({ known, check }) => {
    const grant = grantBy(ours);
    const replaced = { ...grant, peerPublicKey: new Uint8Array(32).fill(3) };
    await assert.rejects(check(replaced), { code: "bad-identity" });
    const stripped = { ...grant, hello: { ...grant.hello!, signature: undefined } };
    await assert.rejects(check(stripped), { code: "bad-identity" });
    assert.equal(await known.find(NAME), undefined);
  }));

Deno.test("AgentCheck tells once that a reference agent cannot be verified", () =>
  bench(async ({ known, lines }) => {
    const log = createLog({
      component: "tela",
      write: (line) => lines.push(line),
      clock: new ManualClock(),
    });
    const check = new AgentCheck({
      hubUrl: "ws://h",
      machine: "barn",
      known,
      acceptIdentity: undefined,
      requireVerified: false,
      log,
    });
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await check.check(grantBy(), keys), {
        kind: "reference",
        verified: "unverified",
      });
    }
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /shows no identity: the hub is trusted not to pose as it$/);
  }));

Deno.test("AgentCheck goes on where it cannot remember, and says so; not where it cannot read", () =>
  bench(async ({ known, lines, check }) => {
    await Deno.mkdir(`${known.path}.lock`);
    assert.equal((await check(grantBy(ours))).verified, "first-use");
    assert.match(lines[0]!, /^Cannot write .*; the identity of the agent is not remembered$/);
    assert.ok(!lines[1]!.includes("from now on"), lines[1]);
    await Deno.mkdir(known.path);
    await assert.rejects(check(grantBy(ours)), { name: "ConfigError", code: "unreadable" });
  }));
