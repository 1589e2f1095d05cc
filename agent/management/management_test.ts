import assert from "node:assert/strict";
import { ConfigError, type ConfigFile } from "../../core/config/mod.ts";
import type { Json } from "../../core/control/mod.ts";
import { createLog, LogRing } from "../../core/log/mod.ts";
import { ManualClock } from "../../core/clock/mod.ts";
import { Management } from "./management.ts";

const CONFIG = `# Ours
hub: ws://hub
token: file-secret # of all machines
machines:
  # the barn
  - name: barn
    location: field # behind the house
    token: barn-secret
    ports: [22, 80] # ssh, web
    shares: [{ name: docs, path: /srv/docs, token: hidden }]
  - name: attic
    services: [{ port: 5432, name: db }]
future: kept
`;

class World implements AsyncDisposable {
  readonly #dir = Deno.makeTempDirSync();
  readonly path = `${this.#dir}/telad.yaml`;
  readonly lines: string[] = [];
  readonly logs = new LogRing();
  readonly changed: string[] = [];
  restarts = 0;
  check: (file: ConfigFile) => void = () => {};
  readonly management: Management;

  constructor({ withFile = true } = {}) {
    Deno.writeTextFileSync(this.path, CONFIG, { mode: 0o640 });
    this.management = new Management({
      hub: "ws://hub",
      configPath: withFile ? this.path : undefined,
      check: (file) => this.check(file),
      logs: this.logs,
      onChanged: (machine) => Promise.resolve(void this.changed.push(machine)),
      restart: () => Promise.resolve(void this.restarts++),
      log: createLog({
        component: "telad",
        write: (line) => this.lines.push(line),
        clock: new ManualClock(),
      }),
    });
  }

  async ask(action: string, payload?: Json) {
    const { type, requestId, ...answer } = await this.management.answer({
      type: "mgmt-request",
      requestId: "00ff",
      action,
      payload,
    });
    assert.deepEqual([type, requestId], ["mgmt-response", "00ff"]);
    return answer;
  }

  text(): Promise<string> {
    return Deno.readTextFile(this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#dir, { recursive: true });
  }
}

Deno.test("config-get shows every machine as the file has it, and no secret (agent 60)", async () => {
  await using world = new World();
  assert.deepEqual(await world.ask("config-get"), {
    ok: true,
    payload: {
      hub: "ws://hub",
      configPath: world.path,
      machines: [
        {
          name: "barn",
          location: "field",
          ports: [22, 80],
          shares: [{ name: "docs", path: "/srv/docs" }],
        },
        { name: "attic", services: [{ port: 5432, name: "db" }] },
      ],
    },
  });
});

Deno.test("config-set changes what it is told and leaves comments, other keys and secrets alone (agent 61)", async () => {
  await using world = new World();
  const fields = { LOCATION: "garage", tags: ["lab"], ports: [22] };
  assert.deepEqual(await world.ask("config-set", { machine: "barn", fields }), { ok: true });
  assert.deepEqual(world.changed, ["barn"]);
  const text = await world.text();
  assert.ok(text.includes("location: garage # behind the house"));
  for (const kept of ["# Ours", "# the barn", "barn-secret", "file-secret", "future: kept"]) {
    assert.ok(text.includes(kept), kept);
  }
  const { payload } = await world.ask("config-get");
  const [barn] = (payload as { machines: Record<string, unknown>[] }).machines;
  assert.deepEqual([barn!.ports, barn!.tags, barn!.location], [[22], ["lab"], "garage"]);
  assert.equal((await Deno.stat(world.path)).mode! & 0o777, 0o640);
  assert.ok(!world.lines.join().includes("garage"));
  assert.equal(
    (await world.ask("config-set", { machine: "barn", fields: { tags: null } })).ok,
    true,
  );
  assert.ok(!(await world.text()).includes("lab"));
});

Deno.test("config-set refuses a request whole, and leaves the file untouched (agent 62)", async () => {
  await using world = new World();
  const machine = "barn";
  const cases: [payload: Json, message: RegExp][] = [
    [null, /^invalid payload: must be a JSON object$/],
    [{ fields: {} }, /^invalid payload: machine must be a text$/],
    [{ machine }, /^invalid fields: must be a JSON object$/],
    [{ machine: "shed", fields: {} }, /^machine not found: shed$/],
    [{ machine, fields: { location: "x", token: "new" } }, /^invalid fields: "token" cannot be/],
    [{ machine, fields: { Name: "x" } }, /^invalid fields: "Name" cannot be changed from afar$/],
  ];
  for (const [payload, message] of cases) {
    const answer = await world.ask("config-set", payload);
    assert.equal(answer.ok, false);
    assert.match(answer.message!, message);
  }
  world.check = (file) => {
    throw new ConfigError(`${file.path}: ports[0]: expected an integer`, { code: "invalid" });
  };
  const bad = await world.ask("config-set", { machine, fields: { ports: ["x"] } });
  assert.match(bad.message!, /ports\[0\]: expected an integer$/);
  assert.equal(await world.text(), CONFIG);
  assert.deepEqual(world.changed, []);
});

Deno.test("management without a file says so", async () => {
  await using world = new World({ withFile: false });
  assert.deepEqual(await world.ask("config-get"), { ok: false, message: "no active config" });
  assert.deepEqual(await world.ask("config-set", {}), {
    ok: false,
    message: "no config file to update",
  });
});

Deno.test("logs gives the last lines, 100 unless it is told how many (agent 64)", async () => {
  await using world = new World();
  for (let i = 0; i < 150; i++) world.logs.push(`line ${i}`);
  const lines = async (payload?: Json) =>
    ((await world.ask("logs", payload)).payload as { lines: string[] }).lines;
  assert.deepEqual(await lines({ lines: 2 }), ["line 148", "line 149"]);
  for (const payload of [undefined, null, { lines: 0 }, { lines: "x" }, [1], { lines: -1 }]) {
    assert.equal((await lines(payload)).length, 100);
  }
  assert.deepEqual(world.lines, [], "who watches the log does not fill it");
});

Deno.test("restart answers first; an unknown action is refused by name (agent 59, agent 65)", async () => {
  await using world = new World();
  assert.deepEqual(await world.ask("restart"), { ok: true, message: "restarting" });
  assert.equal(world.restarts, 1);
  assert.deepEqual(await world.ask("fly"), { ok: false, message: "unknown action: fly" });
  assert.deepEqual(world.lines.map((line) => line.slice("1970-01-01T00:00:00Z ".length)), [
    "[telad] management: restart",
    "[telad] management: fly refused: unknown action: fly",
  ]);
});

Deno.test("management answers one request at a time, and bounds those that wait", async () => {
  await using world = new World();
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      (_, i) => world.ask("config-set", { machine: "barn", fields: { location: `place ${i}` } }),
    ),
  );
  assert.deepEqual(answers.map(({ ok }) => ok), [...Array(16).fill(true), ...Array(4).fill(false)]);
  assert.equal(answers[19]!.message, "too many requests: 16 are waiting");
  assert.ok((await world.text()).includes("place 15"));
});

Deno.test("logs gives as many of the last lines as the hub takes in one message", async () => {
  await using world = new World();
  for (let i = 0; i < 1000; i++) world.logs.push(`${i} ${'"'.repeat(4000)}`);
  const { payload } = await world.ask("logs", { lines: 1000 });
  const { lines } = payload as { lines: string[] };
  assert.ok(new TextEncoder().encode(JSON.stringify(lines)).length <= 512 * 1024);
  assert.ok(lines.length > 60, `${lines.length}`);
  assert.ok(lines.at(-1)!.startsWith("999 "));
});
