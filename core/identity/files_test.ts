import assert from "node:assert/strict";
import { ManualClock, systemRandom } from "../clock/mod.ts";
import { createLog } from "../log/mod.ts";
import { AgentIdentity } from "./agent_identity.ts";
import { loadAgentIdentity } from "./key_file.ts";
import { KnownAgents } from "./known_agents.ts";

const onUnix = Deno.build.os !== "windows";
const isRoot = onUnix && Deno.uid() === 0;

async function inTempDir(
  body: (dir: string, log: ReturnType<typeof createLog>, lines: string[]) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const log = createLog({ component: "telad", write, clock: new ManualClock() });
  try {
    await body(dir, log, lines);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function modeOf(path: string): Promise<number> {
  return (await Deno.stat(path)).mode! & 0o777;
}

const NAME = { hub: "wss://hub.example", machine: "barn" };
const print = (n: number) => new AgentIdentity(new Uint8Array(32).fill(n)).fingerprint;

Deno.test("loadAgentIdentity() makes a key once, for its owner alone, and keeps it", () =>
  inTempDir(async (dir, log, lines) => {
    const path = `${dir}/state/telad.key`;
    const first = await loadAgentIdentity({ path, random: systemRandom, log });
    const again = await loadAgentIdentity({ path, random: systemRandom, log });
    assert.equal(again.fingerprint, first.fingerprint);
    assert.match(await Deno.readTextFile(path), /^tela-agent-key-v1 [0-9a-f]{64}\n$/);
    if (onUnix) assert.equal(await modeOf(path), 0o600);
    assert.deepEqual([...Deno.readDirSync(`${dir}/state`)].map(({ name }) => name), ["telad.key"]);
    assert.deepEqual(lines, []);
  }));

Deno.test("loadAgentIdentity() gives one identity to agents that start together", () =>
  inTempDir(async (dir, log) => {
    const load = () => loadAgentIdentity({ path: `${dir}/telad.key`, random: systemRandom, log });
    const all = await Promise.all(Array.from({ length: 8 }, load));
    assert.equal(new Set(all.map(({ fingerprint }) => fingerprint)).size, 1);
  }));

Deno.test("loadAgentIdentity() keeps a damaged file aside, says so, and never shows what is in it", () =>
  inTempDir(async (dir, log, lines) => {
    const path = `${dir}/telad.key`;
    const secret = "ab".repeat(31);
    for (const text of ["", `tela-agent-key-v1 ${secret}\n`, `x ${secret}ab\n`, "y".repeat(5000)]) {
      lines.length = 0;
      await Deno.writeTextFile(path, text);
      const identity = await loadAgentIdentity({ path, random: systemRandom, log });
      assert.equal(await Deno.readTextFile(`${path}.corrupt`), text);
      const kept = await loadAgentIdentity({ path, random: systemRandom, log });
      assert.equal(kept.fingerprint, identity.fingerprint);
      assert.match(lines.join("\n"), /holds no key of an agent: kept as .*telad\.key\.corrupt/);
      assert.ok(!lines.join().includes(secret));
    }
  }));

Deno.test("loadAgentIdentity() runs with an identity of the moment where it cannot keep one", () =>
  inTempDir(async (dir, log, lines) => {
    await Deno.writeTextFile(`${dir}/file`, "");
    const path = `${dir}/file/telad.key`;
    await loadAgentIdentity({ path, random: systemRandom, log });
    assert.match(lines.join("\n"), /Cannot read .*\n.*lasts only until it ends$/);
  }));

Deno.test("KnownAgents keeps the first identity, and another only when told", () =>
  inTempDir(async (dir) => {
    const known = new KnownAgents(`${dir}/.tela/known_agents`);
    assert.equal(await known.find(NAME), undefined);
    assert.equal(await known.add(NAME, print(1)), print(1));
    assert.equal(await known.add(NAME, print(2)), print(1));
    assert.equal(await known.find({ ...NAME, machine: "attic" }), undefined);
    assert.equal(await known.find({ ...NAME, hub: "wss://hub.example.org" }), undefined);
    await known.set(NAME, print(2));
    assert.deepEqual(await known.find(NAME), { fingerprint: print(2), line: 2 });
    await assert.rejects(known.set(NAME, "SHA256:short"), RangeError);
    if (onUnix) {
      assert.equal(await modeOf(known.path), 0o600);
      assert.equal(await modeOf(`${dir}/.tela`), 0o700);
    }
  }));

Deno.test("KnownAgents leaves comments and other lines alone, and tells names with spaces apart", () =>
  inTempDir(async (dir) => {
    const known = new KnownAgents(`${dir}/known_agents`);
    const mine = `# mine\nwss://h barn ${print(1)}\nsomething else\n\n`;
    await Deno.writeTextFile(known.path, mine);
    const odd = { hub: "wss://h", machine: "barn 2\n# x" };
    await known.add(odd, print(3));
    assert.equal(
      await Deno.readTextFile(known.path),
      `${mine}wss://h barn%202%0A%23%20x ${print(3)}\n`,
    );
    assert.equal((await known.find(odd))?.fingerprint, print(3));
    assert.deepEqual(await known.find({ hub: "wss://h", machine: "barn" }), {
      fingerprint: print(1),
      line: 2,
    });
  }));

Deno.test("KnownAgents does not take a damaged pin for none", () =>
  inTempDir(async (dir) => {
    const known = new KnownAgents(`${dir}/known_agents`);
    await Deno.writeTextFile(known.path, "wss://hub.example barn SHA256:abc\n");
    assert.equal((await known.find(NAME))?.fingerprint, "SHA256:abc");
    assert.equal(await known.add(NAME, print(1)), "SHA256:abc");
  }));

Deno.test("KnownAgents loses no pin when many clients add theirs at once", () =>
  inTempDir(async (dir) => {
    const names = Array.from({ length: 40 }, (_, i) => ({ hub: "wss://h", machine: `m${i}` }));
    const path = `${dir}/known_agents`;
    await Promise.all(names.map((name, i) => new KnownAgents(path).add(name, print(i))));
    for (const [i, name] of names.entries()) {
      assert.equal((await new KnownAgents(path).find(name))?.fingerprint, print(i));
    }
  }));

Deno.test("KnownAgents says what is wrong when the file cannot be read or written", () =>
  inTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/known_agents`);
    const known = new KnownAgents(`${dir}/known_agents`);
    await assert.rejects(known.find(NAME), { name: "ConfigError", code: "unreadable" });
    await Deno.writeTextFile(`${dir}/file`, "");
    const inFile = new KnownAgents(`${dir}/file/known_agents`);
    await assert.rejects(inFile.add(NAME, print(1)), { name: "ConfigError", code: "unwritable" });
    if (isRoot || !onUnix) return;
    await Deno.chmod(dir, 0o500);
    const closed = new KnownAgents(`${dir}/other`);
    await assert.rejects(closed.add(NAME, print(1)), { code: "unwritable" });
    await Deno.chmod(dir, 0o700);
  }));
