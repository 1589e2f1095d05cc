import assert from "node:assert/strict";
import { ManualClock } from "../core/clock/mod.ts";
import { MemoryIo, run } from "../core/cli/mod.ts";
import type { ClientDeps } from "./deps.ts";
import { systemProbes } from "./explain/mod.ts";
import { telaProgram } from "./program.ts";

const STATUS = {
  timestamp: "2026-11-21T01:21:21Z",
  machines: [{ id: "barn", agentConnected: true, services: [{ port: 22, name: "SSH" }], x: 1 }],
};

const unused = () => {
  throw new Error("Unexpected call");
};

function setUp(answer: () => Response = () => Response.json(STATUS)) {
  const requests: Request[] = [];
  const lookups: string[] = [];
  const deps: ClientDeps = {
    clock: new ManualClock(),
    random: () => {},
    fetch: (request) => {
      requests.push(request);
      return Promise.resolve(answer());
    },
    listen: unused,
    storedToken: (hubUrl) => {
      lookups.push(hubUrl);
      return Promise.resolve("stored");
    },
    openCredentials: unused,
    dialHub: unused,
    openTunnel: unused,
    knownAgents: unused,
    makeKeys: unused,
    serveControl: unused,
    nameFiles: () => undefined,
    probes: systemProbes(),
    findClients: () => Promise.resolve([]),
    followClient: unused,
    onInterrupt: unused,
  };
  const tela = async (line: string, env: Record<string, string> = {}) => {
    const io = new MemoryIo({ args: line.split(" "), env });
    const code = await run(telaProgram(deps), io);
    return { code, out: io.out, err: io.err };
  };
  const bearers = () => requests.map(({ headers }) => headers.get("authorization"));
  return { tela, requests, lookups, bearers };
}

Deno.test("tela machines, services, status and admin agent list print what the hub says", async () => {
  const { tela, requests } = setUp();
  const env = { TELA_HUB: "ws://h:8" };
  const table: [string, RegExp][] = [
    ["machines", /^MACHINE {2}STATUS {2}SERVICES {2}SESSION\nbarn {5}online {2}SSH:22 {4}-\n$/],
    [
      "services -machine barn",
      /^Machine: barn \(online\)\nPORT .*\n22 .* -hub ws:\/\/h:8 -machine barn\n$/,
    ],
    ["status", /^Hub: {7}ws:\/\/h:8\nMachines: {2}1 registered, 1 online\n/],
    [
      "admin agent list",
      /^MACHINE {2}STATUS {2}VERSION {2}SERVICES\nbarn {5}online {2}- {8}SSH\n$/,
    ],
  ];
  for (const [line, expected] of table) {
    const { code, out, err } = await tela(line, env);
    assert.equal(code, 0, line);
    assert.match(out, expected);
    assert.equal(err, "");
  }
  assert.deepEqual(requests.map(({ url }) => url), Array(4).fill("http://h:8/api/status"));
});

Deno.test("tela prints JSON with fields it does not know (client 11)", async () => {
  const { tela } = setUp();
  const [machine] = STATUS.machines;
  assert.deepEqual(JSON.parse((await tela("machines -hub ws://h -json")).out), STATUS);
  assert.deepEqual(JSON.parse((await tela("status -json -hub ws://h")).out), {
    ...STATUS,
    tunnels: [],
  });
  const services = await tela("services -hub ws://h -machine barn -json");
  assert.deepEqual(JSON.parse(services.out), machine);
  assert.ok(services.out.endsWith("}\n"));
});

Deno.test("tela takes the token from flag, then environment, then store (client 8, 12)", async () => {
  const { tela, bearers, lookups } = setUp();
  for (const command of ["machines", "status", "services -machine barn"]) {
    await tela(`${command} -hub WSS://h/ -token flag`, { TELA_TOKEN: "env" });
    await tela(`${command} -hub WSS://h/`, { TELA_TOKEN: "env" });
    await tela(`${command} -hub WSS://h/`);
  }
  const each = ["Bearer flag", "Bearer env", "Bearer stored"];
  assert.deepEqual(bearers(), [...each, ...each, ...each]);
  assert.deepEqual(lookups, ["WSS://h/", "WSS://h/", "WSS://h/"]);
});

Deno.test("tela admin prefers the owner's token", async () => {
  const { tela, bearers } = setUp();
  const env = { TELA_OWNER_TOKEN: "owner", TELA_TOKEN: "user" };
  await tela("admin agent list -hub ws://h -token flag", env);
  await tela("admin agent list -hub ws://h", env);
  await tela("admin agent list -hub ws://h", { TELA_TOKEN: "user" });
  await tela("admin agent list -hub ws://h");
  assert.deepEqual(
    bearers(),
    ["flag", "owner", "user", "stored"].map((token) => `Bearer ${token}`),
  );
});

Deno.test("tela services exits 1 when the machine is unknown; ids are case-sensitive (client 13)", async () => {
  const { tela } = setUp();
  assert.deepEqual(await tela("services -hub ws://h -machine Barn"), {
    code: 1,
    out: "",
    err: 'Error: machine "Barn" not found on the hub: it lists barn\n',
  });
});

Deno.test("tela says what to do when the hub refuses the token (client 15)", async () => {
  const { tela } = setUp(() => new Response("{}", { status: 401 }));
  const { code, out, err } = await tela("machines -hub ws://h -token s3cret");
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.equal(
    err,
    "Error: hub http://h does not accept the token (HTTP 401): check TELA_TOKEN or -token; " +
      "it may be mistyped, expired or revoked\n",
  );
});

Deno.test("tela asks nobody when the command line is wrong (client 4, 7)", async () => {
  const { tela, requests, lookups } = setUp();
  const wrong = [
    "machines",
    "services -hub ws://h",
    "status extra -hub ws://h",
    "machines -hub ws://h -bogus",
    "machines -hub ftp://h",
    "connect -hub ws://h",
    "connect -machine barn",
    "connect -hub ws://h -machine barn -ports 22x",
    "connect -hub ws://h -machine barn -mtu 575",
    "connect -hub ws://h -machine barn -mtu 16385",
    "connect -hub ws://h -machine barn -port 0",
  ];
  for (const line of wrong) {
    const { code, out, err } = await tela(line);
    assert.equal(code, 2, line);
    assert.equal(out, "", line);
    assert.match(err, /^Error: .*\n\ntela \w+ — /, line);
  }
  assert.equal((await tela("connect -hub ws://h -machine m", { TELA_MTU: "big" })).code, 2);
  const named = await tela("machines -hub owlsnest");
  assert.equal(named.code, 1);
  assert.match(
    named.err,
    /^Error: could not find hub "owlsnest": give its address, as wss:\/\/\S+\n$/,
  );
  assert.deepEqual([requests, lookups], [[], []]);
});

Deno.test("tela help lists the commands that work", async () => {
  const { tela } = setUp();
  const { out } = await tela("help");
  for (
    const name of [
      "connect",
      "machines",
      "services",
      "status",
      "explain",
      "admin",
      "version",
      "help",
    ]
  ) {
    assert.match(out, new RegExp(`^  ${name} +[A-Z]`, "m"), name);
  }
  for (const line of ["help", ..."connect machines services status explain admin".split(" ")]) {
    const help = (await tela(line === "help" ? line : `help ${line}`)).out;
    for (const row of help.split("\n")) assert.ok(row.length <= 80 || row.includes("tela "), row);
  }
});
