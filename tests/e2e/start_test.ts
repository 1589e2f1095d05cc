import assert from "node:assert/strict";
import {
  clientBound,
  dial,
  echo,
  Fabric,
  freePort,
  MACHINE,
  readExactly,
  startProgram,
  Target,
  writeAll,
} from "../rig/mod.ts";

/** Highest port that has a fallback 10,000 above it. */
const HIGHEST_WITH_FALLBACK = 55_535;

async function assertEchoes(port: number): Promise<void> {
  using connection = await dial(port);
  await writeAll(connection, new Uint8Array([1, 2, 3]));
  assert.deepEqual(await readExactly(connection, 3), new Uint8Array([1, 2, 3]));
}

/** An echo service on a port low enough for the client to fall back from. */
async function lowTarget(): Promise<Target> {
  for (;;) {
    const target = new Target(echo);
    if (target.port <= HIGHEST_WITH_FALLBACK) return target;
    await target[Symbol.asyncDispose]();
  }
}

Deno.test("a client that asks for nothing forwards every advertised port, elsewhere if it is taken (client 41, client 42)", async () => {
  await using target = await lowTarget();
  await using fabric = await Fabric.create();
  await fabric.startHub();
  await fabric.startAgent([target.port]);
  await Deno.mkdir(fabric.home("client"));
  await using client = await startProgram("tela", {
    args: ["connect", "-hub", fabric.hubUrl, "-machine", MACHINE],
    home: fabric.home("client"),
    env: { TELA_TOKEN: fabric.token },
  });
  const [local] = await clientBound(client, 1);
  // The service itself sits on the wanted port of this machine.
  assert.ok(local! >= target.port + 10_000, `bound ${local} for ${target.port}`);
  await client.waitForLine(new RegExp(`port ${target.port} in use, remapped`));
  await assertEchoes(local!);
});

Deno.test("one agent serves two machines from a file, with the token of the file (agent 3, agent 6)", async () => {
  await using barn = new Target(echo);
  await using shed = new Target(echo);
  await using fabric = await Fabric.create();
  await fabric.startHub();
  const home = fabric.home("agent");
  await Deno.mkdir(home);
  await Deno.writeTextFile(
    `${home}/telad.yaml`,
    `hub: ${fabric.hubUrl}
token: ${fabric.token}
machines:
  - name: barn
    ports: [${barn.port}]
  - name: shed
    services:
      - { port: ${shed.port}, name: echo }
`,
  );
  await using agent = await startProgram("telad", {
    args: ["-config", `${home}/telad.yaml`],
    home,
    env: { TELA_TOKEN: "ignored with a file" },
  });
  await agent.waitForLine(/barn.*registered|registered.*barn/i);
  await agent.waitForLine(/shed.*registered|registered.*shed/i);
  await Deno.mkdir(fabric.home("client"));
  const ports = ["-ports", `${freePort()}:${shed.port}`];
  await using client = await startProgram("tela", {
    args: ["connect", "-hub", fabric.hubUrl, "-machine", "shed", ...ports],
    home: fabric.home("client"),
    env: { TELA_TOKEN: fabric.token },
  });
  await assertEchoes((await clientBound(client, 1))[0]!);
  assert.equal((await agent.stop()).code, 0);
});

Deno.test("a second hub on the same port says which port is taken and exits 1", async () => {
  await using fabric = await Fabric.create();
  await fabric.startHub();
  await using second = await startProgram("telahubd", {
    args: ["-config", `${fabric.home("hub")}/telahubd.yaml`],
    home: fabric.home("hub"),
    env: { TELAHUBD_PORT: String(fabric.hubPort), TELAHUBD_UDP_PORT: "0" },
  });
  await second.waitForLine(new RegExp(`\\b${fabric.hubPort}\\b.*in use`, "i"));
  assert.equal((await second.ended).code, 1);
});

Deno.test("a program whose file cannot be read says which and exits 3", async () => {
  await using fabric = await Fabric.create();
  const file = `${fabric.directory}/broken.yaml`;
  await Deno.writeTextFile(file, "hub: [unclosed\n");
  for (const program of ["telahubd", "telad"] as const) {
    await using broken = await startProgram(program, {
      args: ["-config", file],
      home: fabric.directory,
    });
    await broken.waitForLine(/broken\.yaml/);
    assert.equal((await broken.ended).code, 3);
  }
  await using missing = await startProgram("telad", {
    args: ["-config", `${fabric.directory}/missing.yaml`],
    home: fabric.directory,
  });
  await missing.waitForLine(/missing\.yaml/);
  assert.equal((await missing.ended).code, 3);
});
