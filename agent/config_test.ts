import assert from "node:assert/strict";
import { ConfigFile, type Host } from "../core/config/mod.ts";
import { Credentials } from "../core/credentials/mod.ts";
import { createLog } from "../core/log/mod.ts";
import { ManualClock } from "../core/clock/mod.ts";
import { loadConfig, readConfig } from "./config.ts";
import { configOfFlags, type MachineFlags } from "./flags.ts";
import { parsePortSpec } from "./ports.ts";
import { addStoredTokens } from "./tokens.ts";

const LINUX: Host = { os: "linux", env: () => undefined };
const SURROUNDINGS = { host: LINUX, hostname: "box" };

function read(text: string) {
  return readConfig(ConfigFile.parse("/x/telad.yaml", text), SURROUNDINGS);
}

Deno.test("readConfig() names the first thing that is wrong, in the reference's order (agent 1)", () => {
  const cases: [text: string, message: string][] = [
    ["machines: [{}]", "/x/telad.yaml: 'hub' is required"],
    ["hub: ''\nmachines: []", "/x/telad.yaml: 'hub' is required"],
    ["hub: ws://h", "/x/telad.yaml: 'machines' list is empty"],
    ["hub: ws://h\nmachines: [{ports: [1]}, {}]", "/x/telad.yaml: machines[0]: 'name' is required"],
    [
      "hub: ws://h\nmachines: [{name: a, ports: [1]}, {name: b, gateway: {port: 1}}]",
      "/x/telad.yaml: machines[1] (b): either 'ports' or 'services' is required",
    ],
    [
      "hub: ws://h\nmachines: [{name: a, ports: [1]}, {name: a, ports: [2]}]",
      "/x/telad.yaml: machines[1] (a): machines[0] has the same name",
    ],
    [
      "hub: https://h\nmachines: [{name: a, ports: [1]}]",
      "/x/telad.yaml: 'hub' must begin with ws:// or wss://",
    ],
    [
      "machines: [{ports: [22, 80, ssh]}]",
      'Cannot parse /x/telad.yaml: machines[0].ports[2]: expected an integer from 0 to 65535, got "ssh" (line 1)',
    ],
    [
      "hub: ws://h\nmachines: [{name: a, services: [{port: 70000}]}]",
      "Cannot parse /x/telad.yaml: machines[0].services[0].port: expected an integer from 0 to 65535, got 70000 (line 2)",
    ],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => read(text), { name: "ConfigError", exitCode: 3, message });
  }
});

Deno.test("loadConfig() says which file it cannot read or parse (agent 1)", async () => {
  await assert.rejects(loadConfig("/does/not/exist.yaml", SURROUNDINGS), {
    name: "ConfigError",
    code: "absent",
    message: "Cannot read /does/not/exist.yaml: no such file or directory; " +
      "write it, or give -hub, -machine and -ports in its place",
  });
  assert.throws(() => read("hub: [\n"), {
    message: /^Cannot parse \/x\/telad.yaml: line 2, column/,
  });
});

Deno.test("readConfig() takes a whole machine, fills in what is missing and ignores the rest (agent 2)", () => {
  const { config, warnings } = read(`
hub: wss://hub.example/path
token: common
update: { channel: beta, sources: { beta: "https://x/", none: "" }, manifestBase: gone }
colour: red
machines:
  - name: barn
    displayName: Barn box
    hostname: barn.local
    os: darwin
    tags: [lab, 7]
    location: garage
    owner: me
    ports: [22]
    services: [{ port: 22, proto: tcp, name: SSH, description: shell, extra: 1 }]
    target: 192.0.2.7
    token: 0012
  - name: attic
    ports: [80, 0, 80]
`);
  assert.equal(config.hub, "wss://hub.example/path");
  assert.equal(config.path, "/x/telad.yaml");
  assert.deepEqual(config.update, { channel: "beta", sources: { beta: "https://x/" } });
  assert.deepEqual(config.machines, [
    {
      name: "barn",
      displayName: "Barn box",
      location: "garage",
      owner: "me",
      tags: ["lab", "7"],
      hostname: "barn.local",
      os: "darwin",
      ports: [22],
      services: [{ port: 22, proto: "tcp", name: "SSH", description: "shell" }],
      target: "192.0.2.7",
      token: "0012",
    },
    {
      name: "attic",
      displayName: "",
      location: "",
      owner: "",
      tags: [],
      hostname: "box",
      os: "linux",
      ports: [80],
      services: [{ port: 80, proto: "tcp" }],
      target: "127.0.0.1",
      token: "common",
    },
  ]);
  assert.deepEqual(warnings, []);
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.machines[0]));
});

Deno.test("readConfig() derives ports from services, and with both listens on ports alone (agent 3)", () => {
  const { config, warnings } = read(`
hub: ws://h
machines:
  - name: derived
    services: [{ port: 80, name: web }, { port: 0 }, { port: 22 }, { port: 80 }]
  - name: both
    ports: [22]
    services: [{ port: 8080, name: hidden }]
    shares: []
`);
  assert.deepEqual(config.machines[0]!.ports, [80, 22]);
  assert.equal(config.machines[0]!.services.length, 4);
  assert.deepEqual(config.machines[1]!.ports, [22]);
  assert.deepEqual(config.machines[1]!.services, [{ port: 8080, name: "hidden" }]);
  assert.deepEqual(warnings, [
    "machines[1] (both): 'shares' is not supported yet and is ignored",
    "machines[1] (both): the service on port 8080 cannot be reached, 'ports' does not list it",
  ]);
});

Deno.test("parsePortSpec() skips what is no port and keeps colons in descriptions (agent 4)", () => {
  const { services, warnings } = parsePortSpec("22:SSH:a:b, 3389 , x,0");
  assert.deepEqual(services, [
    { port: 22, proto: "tcp", name: "SSH", description: "a:b" },
    { port: 3389, proto: "tcp" },
  ]);
  assert.deepEqual(warnings, ["ignoring invalid port spec: x", "ignoring invalid port spec: 0"]);
  const odd = parsePortSpec(" 80 : web , 65536,-1,1e3,0x16,22:, 443::only text ,,80:again");
  assert.deepEqual(odd.services, [
    { port: 80, proto: "tcp", name: "again" },
    { port: 22, proto: "tcp" },
    { port: 443, proto: "tcp", description: "only text" },
  ]);
  assert.equal(odd.warnings.length, 4);
});

Deno.test("configOfFlags() says what is missing or wrong, and makes one machine", () => {
  const full = { hub: "ws://h", machine: "barn", ports: "22:SSH", targetHost: "10.0.0.1" };
  const cases: [MachineFlags, string | RegExp][] = [
    [{ targetHost: "x" }, /^Nothing to run: give -config with a telad.yaml, or -hub, -machine/],
    [{ ...full, hub: "" }, "Missing -hub (or TELA_HUB)"],
    [{ hub: "ws://h", targetHost: "x" }, /^Missing -machine \(.*\) and -ports \(or TELAD_PORTS\)$/],
    [{ ...full, ports: "x,0" }, "No valid ports in: x,0"],
    [{ ...full, hub: "hub" }, 'Invalid -hub "hub": must begin with ws:// or wss://'],
  ];
  for (const [flags, message] of cases) {
    assert.throws(() => configOfFlags(flags, SURROUNDINGS), { name: "UsageError", message });
  }
  const { config } = configOfFlags({ ...full, token: "t" }, SURROUNDINGS);
  assert.equal(config.path, undefined);
  const machine = config.machines[0]!;
  assert.deepEqual([machine.name, machine.target, machine.token], ["barn", "10.0.0.1", "t"]);
  assert.deepEqual(machine.ports, [22]);
  assert.deepEqual(machine.services, [{ port: 22, proto: "tcp", name: "SSH" }]);
});

Deno.test("addStoredTokens() asks machine, file, user store and system store in turn (agent 6)", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const paths = { user: `${dir}/user.yaml`, system: `${dir}/system.yaml` };
    const lines: string[] = [];
    const write = (line: string) => lines.push(line);
    const log = createLog({ component: "telad", write, clock: new ManualClock() });
    let reads = 0;
    const readCredentials = () => {
      reads++;
      return Credentials.read(paths);
    };
    const tokens = async (more = "") => {
      const machines = "[{name: a, ports: [1], token: own}, {name: b, ports: [1]}]";
      const { config } = read(`hub: ws://h\nmachines: ${machines}\n${more}`);
      const found = await addStoredTokens(config, { readCredentials, log });
      return found.machines.map(({ token }) => token);
    };
    assert.deepEqual(await tokens(), ["own", ""]);
    await Deno.writeTextFile(paths.system, "hubs: {'ws://h/': {token: system}}");
    assert.deepEqual(await tokens(), ["own", "system"]);
    await Deno.writeTextFile(paths.user, "hubs: {'WS://h': {token: user}}");
    assert.deepEqual(await tokens(), ["own", "user"]);
    assert.equal(reads, 3);
    assert.deepEqual(await tokens("token: common"), ["own", "common"]);
    assert.equal(reads, 3);
    assert.deepEqual(lines, []);
    await Deno.remove(paths.user);
    await Deno.remove(paths.system);
    await Deno.mkdir(paths.system);
    assert.deepEqual(await tokens(), ["own", ""]);
    assert.match(lines[0]!, /Cannot read .*system.yaml/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
