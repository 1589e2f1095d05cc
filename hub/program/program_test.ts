import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { MemoryIo, run } from "../../core/cli/mod.ts";
import { HubProcess, inTemporaryFolder, RawClient } from "../testing/mod.ts";
import { telahubd } from "./program.ts";

const ON_UNIX = { ignore: Deno.build.os === "windows" };

Deno.test(
  "telahubd starts from nothing, prints the owner token once, drains and exits 0 (hub 70, 79, 80)",
  ON_UNIX,
  () =>
    inTemporaryFolder(async (dir) => {
      const first = await HubProcess.start(dir, {
        args: ["-port", "0", "-v"],
        env: { TELAHUBD_NAME: "lab" },
      });
      const port = await first.port();
      const yaml = await Deno.readTextFile(`${dir}/data/telahubd.yaml`);
      const token = /id: owner\n +token: ([0-9a-f]{64})\n/.exec(yaml)![1]!;
      const control = JSON.parse(await Deno.readTextFile(`${dir}/.tela/run/telahubd.json`));
      assert.deepEqual([control.port, control.name], [port, "lab"]);
      const headers = { authorization: `Bearer ${token}` };
      const status = await fetch(`http://127.0.0.1:${port}/api/status`, { headers });
      assert.equal((await status.json()).hubName, "lab");
      await first.logged(/GET \/api\/status 200 from 127\.0\.0\.1:\d+\n/);
      const agent = await RawClient.upgrade(port);
      await agent.send(0x81, { type: "register", agentId: "a", machineName: "barn", token });
      assert.equal((await agent.nextMessage()).machineId, "barn");
      first.signal("SIGTERM");
      assert.equal(await agent.nextClose(), "1001 hub shutting down");
      agent.close();
      const { code, stdout } = await first.ended();
      assert.equal(code, 0, first.log);
      assert.equal(stdout.split(token).length, 2, "the token is printed exactly once");
      assert.match(stdout, /data\/telahubd\.yaml/);
      assert.ok(!first.log.includes(token));
      await assert.rejects(Deno.stat(`${dir}/.tela/run/telahubd.json`), Deno.errors.NotFound);

      const left = `${dir}/data/.telahubd.yaml.${crypto.randomUUID()}.tmp`;
      await Deno.writeTextFile(left, yaml);
      const second = await HubProcess.start(dir, {
        args: ["-port", "0"],
        env: { TELA_OWNER_TOKEN: "ignored" },
      });
      await second.port();
      await assert.rejects(Deno.stat(left), Deno.errors.NotFound, "the copy of a killed write");
      second.signal("SIGINT");
      assert.deepEqual(await second.ended(), { code: 0, stdout: "" });
      assert.equal(
        await Deno.readTextFile(`${dir}/data/telahubd.yaml`),
        yaml,
        "ids and tokens stay",
      );
    }),
);

Deno.test(
  "telahubd takes the owner token given, and a second signal ends it at once (hub 71, 80)",
  ON_UNIX,
  () =>
    inTemporaryFolder(async (dir) => {
      const args = ["run", "-config", "data/mine.yaml", "-port=0"];
      const hub = await HubProcess.start(dir, { args, env: { TELA_OWNER_TOKEN: "given" } });
      const port = await hub.port();
      assert.match(await Deno.readTextFile(`${dir}/data/mine.yaml`), /token: given\n/);
      const stubborn = await RawClient.upgrade(port);
      hub.signal("SIGTERM");
      await hub.logged(/SIGTERM: shutting down\n/);
      hub.signal("SIGTERM");
      assert.deepEqual(await hub.ended(), { code: 1, stdout: "" });
      stubborn.close();
    }),
);

Deno.test(
  "telahubd refuses a bad configuration with its line and exit code 3 (hub 72)",
  ON_UNIX,
  () =>
    inTemporaryFolder(async (dir) => {
      await Deno.mkdir(`${dir}/data`);
      const text = "name: lab\nport: [8080\nauth: {}\n";
      await Deno.writeTextFile(`${dir}/data/telahubd.yaml`, text);
      const hub = await HubProcess.start(dir, { args: [] });
      assert.deepEqual(await hub.ended(), { code: 3, stdout: "" });
      assert.match(hub.log, /^Error: cannot parse data\/telahubd\.yaml: line \d/im);
      assert.equal(await Deno.readTextFile(`${dir}/data/telahubd.yaml`), text);
    }),
);

Deno.test(
  "telahubd says what to do when its port is in use",
  ON_UNIX,
  () =>
    inTemporaryFolder(async (dir) => {
      using listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
      const hub = await HubProcess.start(dir, {
        args: [],
        env: { TELAHUBD_PORT: `${listener.addr.port}` },
      });
      assert.equal((await hub.ended()).code, 1);
      assert.ok(
        hub.log.includes(
          `Error: cannot listen on port ${listener.addr.port}: the port is in use; stop the other ` +
            "program or set port in the configuration, -port or TELAHUBD_PORT\n",
        ),
        hub.log,
      );
    }),
);

Deno.test(
  "telahubd that may not save its configuration runs, and says that the token will not last",
  ON_UNIX,
  () =>
    inTemporaryFolder(async (dir) => {
      // Only `data` may be written.
      const hub = await HubProcess.start(dir, { args: ["-config=other/hub.yaml", "-port=0"] });
      const port = await hub.port();
      await hub.logged(/warning: Cannot write other\/hub\.yaml: .*; going on without\n/);
      hub.signal("SIGTERM");
      const { code, stdout } = await hub.ended();
      assert.equal(code, 0);
      assert.ok(port > 0);
      assert.match(stdout, /\n {2}[0-9a-f]{64}\n\nIt could NOT be saved in other\/hub\.yaml/);
      await assert.rejects(Deno.stat(`${dir}/other`), Deno.errors.NotFound);
    }),
);

const USAGE: [args: string[], code: number, err: RegExp][] = [
  [["rum"], 1, /Did you mean: run\?/],
  [["-port", "x"], 2, /-port/],
  [["-port", "65536"], 2, /-port/],
  [["-nope"], 2, /-nope/],
  [["health", "-timeout", "soon"], 2, /-timeout must be a duration above 0/],
  [["health", "-url", "::"], 2, /-url must be a URL/],
];

for (const [args, expected, err] of USAGE) {
  Deno.test(`telahubd ${args.join(" ")} exits with ${expected} and starts nothing`, async () => {
    const io = new MemoryIo({ args });
    assert.equal(await run(telahubd, io), expected);
    assert.match(io.err, err);
    assert.equal(io.out, "");
  });
}

Deno.test("telahubd version has the exact format (hub 75)", async () => {
  const io = new MemoryIo({ args: ["--version"] });
  assert.equal(await run(telahubd, io), 0);
  assert.match(io.out, /^telahubd \d+\.\d+\.\d+ (linux|darwin|windows)\/(amd64|arm64)\n$/);
});

async function healthOf(
  answer: { status: number; body: string } | "silence",
  args: string[] = [],
): Promise<{ code: number; out: string; err: string }> {
  const server = createServer((_, response) => {
    if (answer === "silence") return;
    response.writeHead(answer.status);
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const env = { TELAHUBD_PORT: `${(server.address() as AddressInfo).port}` };
  const io = new MemoryIo({ args: ["health", ...args], env });
  const code = await run(telahubd, io);
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return { code, out: io.out, err: io.err };
}

Deno.test("telahubd health exits with 0 for a hub (hub 75)", async () => {
  const { code, out, err } = await healthOf({ status: 200, body: '{"protocolVersion":"1.1"}' });
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^ok: http:\/\/127\.0\.0\.1:\d+ speaks protocol 1\.1\n$/);
});

const SICK: [what: string, answer: Parameters<typeof healthOf>[0], err: RegExp][] = [
  ["an error", { status: 503, body: '{"protocolVersion":"1.1"}' }, /the answer is 503/],
  ["no JSON", { status: 200, body: "hello" }, /the answer is not a hub's/],
  ["another service", { status: 200, body: "{}" }, /the answer is not a hub's/],
  ["too much", { status: 200, body: "x".repeat(70_000) }, /longer than 65536 bytes/],
  ["silence", "silence", /no answer within 50 ms/],
];

for (const [what, answer, err] of SICK) {
  Deno.test(`telahubd health exits with 1 for ${what} (hub 75)`, async () => {
    const result = await healthOf(answer, answer === "silence" ? ["-timeout", "50ms"] : []);
    assert.deepEqual([result.code, result.out], [1, ""]);
    assert.match(result.err, /^Error: health: http/);
    assert.match(result.err, err);
  });
}
