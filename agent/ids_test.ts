import assert from "node:assert/strict";
import { ManualClock } from "../core/clock/mod.ts";
import { ConfigFile, type Host } from "../core/config/mod.ts";
import { createLog } from "../core/log/mod.ts";
import { loadIds, statePath } from "./ids.ts";
import { RunFile } from "./run_file.ts";

interface Place {
  readonly dir: string;
  readonly path: string;
  readonly lines: string[];
  readonly log: ReturnType<typeof createLog>;
  load(machines: string[]): ReturnType<typeof loadIds>;
}

async function inTempDir(body: (place: Place) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/telad.state`;
  const lines: string[] = [];
  let ids = 0;
  const write = (line: string) => lines.push(line);
  const log = createLog({ component: "telad", write, clock: new ManualClock() });
  const newId = () => `id-${++ids}`;
  try {
    await body({
      dir,
      path,
      lines,
      log,
      load: (machines) => loadIds({ path, machines, log, newId }),
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const onUnix = Deno.build.os !== "windows";

Deno.test("statePath() is beside the configuration, or with the user's files (agent 7)", () => {
  const host: Host = { os: "linux", env: () => "/home/a" };
  assert.equal(statePath(host, "/srv/tela/telad.yaml"), "/srv/tela/telad.state");
  assert.equal(statePath(host, undefined), "/home/a/.tela/telad.state");
});

Deno.test("loadIds() makes ids once, keeps them, and adds one for a new machine (agent 7)", () =>
  inTempDir(async ({ path, load, lines }) => {
    const first = await load(["barn"]);
    assert.equal(first.agentId, "id-1");
    assert.deepEqual([...first.registrationIds], [["barn", "id-2"]]);
    if (onUnix) assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    const text = await Deno.readTextFile(path);
    assert.equal(
      text,
      "agentId: id-1\nmachines:\n  barn:\n    machineRegistrationId: id-2\n",
    );
    assert.deepEqual(await load(["barn"]), first);
    const second = await load(["attic"]);
    assert.equal(second.agentId, "id-1");
    assert.equal(second.registrationIds.get("attic"), "id-3");
    assert.equal(second.registrationIds.get("barn"), "id-2");
    assert.ok((await Deno.readTextFile(path)).startsWith(text));
    assert.deepEqual(lines, []);
  }));

Deno.test("loadIds() reads what the reference wrote and makes UUIDs of version 4", () =>
  inTempDir(async ({ path, log }) => {
    await Deno.writeTextFile(
      path,
      "agentId: e22175e9-48c4-4a9b-9fca-3ec390819795\nmachines:\n    barn:\n        machineRegistrationId: 9e6a2440-17a2-4aed-891d-f4267b1fe970\n",
    );
    const identity = await loadIds({ path, machines: ["barn", "new"], log });
    assert.equal(identity.agentId, "e22175e9-48c4-4a9b-9fca-3ec390819795");
    assert.equal(identity.registrationIds.get("barn"), "9e6a2440-17a2-4aed-891d-f4267b1fe970");
    assert.match(
      identity.registrationIds.get("new")!,
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  }));

Deno.test("loadIds() keeps a damaged file aside, says so, and starts anew", () =>
  inTempDir(async ({ path, load, lines }) => {
    for (const damaged of ["agentId: [", "agentId: {x: 1}", "machines: none"]) {
      lines.length = 0;
      await Deno.writeTextFile(path, damaged);
      const identity = await load(["barn"]);
      assert.match(identity.agentId, /^id-\d+$/);
      assert.equal(await Deno.readTextFile(`${path}.corrupt`), damaged);
      assert.equal((await ConfigFile.read(path)).root.get("agentId").string(), identity.agentId);
      assert.match(lines.join("\n"), /Cannot parse .*telad\.state.*\n.*kept it as .*\.corrupt/);
    }
  }));

Deno.test("loadIds() runs with an identity of its own when the file cannot be read or written", () =>
  inTempDir(async ({ dir, path, load, lines, log }) => {
    await Deno.mkdir(path);
    assert.equal((await load(["barn"])).agentId, "id-1");
    assert.match(lines[0]!, /Cannot read .*telad\.state/);
    assert.ok((await Deno.stat(path)).isDirectory);
    const file = `${dir}/file`;
    await Deno.writeTextFile(file, "");
    const under = await loadIds({ path: `${file}/telad.state`, machines: ["barn"], log });
    assert.equal(under.registrationIds.size, 1);
    assert.match(lines[1]!, /Cannot read .*file\/telad\.state/);
  }));

Deno.test("RunFile is there while the agent runs, for all to read, and gone afterwards (agent 8)", () =>
  inTempDir(async ({ dir, log, lines }) => {
    const path = `${dir}/run/telad.json`;
    const machines = ["barn", "attic"].map((name) => ({ name })) as never;
    const config = { hub: "ws://h", machines, update: {}, path: "/x/telad.yaml" };
    const run = new RunFile(path, { config, pid: 7, log });
    await run.write();
    assert.deepEqual(JSON.parse(await Deno.readTextFile(path)), {
      configPath: "/x/telad.yaml",
      hub: "ws://h",
      machines: ["barn", "attic"],
      pid: 7,
    });
    if (onUnix) assert.equal((await Deno.stat(path)).mode! & 0o777, 0o644);
    const other = new RunFile(path, { config, pid: 8, log });
    await other.write();
    await run.remove();
    assert.equal(JSON.parse(await Deno.readTextFile(path)).pid, 8);
    await other.remove();
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
    await other.remove();
    assert.deepEqual(lines, []);
    await new RunFile(`${dir}/x\0/telad.json`, { config, pid: 7, log }).write();
    assert.equal(lines.length, 1);
  }));
