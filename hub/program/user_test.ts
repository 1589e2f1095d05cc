import assert from "node:assert/strict";
import { MemoryIo, run } from "../../core/cli/mod.ts";
import { HubConfigFile } from "../config/mod.ts";
import { HubProcess, inTemporaryFolder, RawClient } from "../testing/mod.ts";
import { telahubd } from "./program.ts";

const ON_UNIX = { ignore: Deno.build.os === "windows" };
const HEX_64 = "[0-9a-f]{64}";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

type Users = (line: string, env?: Record<string, string>) => Promise<Ran>;

/** Runs `telahubd user …` on a file of its own. */
function withUsers(test: (user: Users, path: string) => Promise<void>): Promise<void> {
  return inTemporaryFolder(async (dir) => {
    const path = `${dir}/telahubd.yaml`;
    await test(async (line, env = {}) => {
      const args = ["user", ...line.split(" ")];
      const io = new MemoryIo({ args, env: { TELAHUBD_CONFIG: path, ...env } });
      return { code: await run(telahubd, io), out: io.out, err: io.err };
    }, path);
  });
}

Deno.test("user bootstrap makes owner and viewer once, and show-* print nothing but a token (hub 76)", () =>
  withUsers(async (user, path) => {
    const made = await user("bootstrap");
    const token = new RegExp(`^Configuration: .*telahubd.yaml\nOwner token: (${HEX_64})\n$`)
      .exec(made.out)?.[1];
    assert.ok(token !== undefined, made.out);
    assert.deepEqual(await user("show-owner"), { code: 0, out: `${token}\n`, err: "" });
    assert.match((await user("show-viewer")).out, new RegExp(`^${HEX_64}\n$`));
    const { config } = await HubConfigFile.open(path);
    assert.deepEqual(config.auth.machines.get("*")?.connect, [{ token, services: [] }]);
    const again = await user("bootstrap");
    assert.equal(again.code, 1);
    assert.match(again.err, /^Error: .* has identities already; run "telahubd user show-owner"/);
  }));

Deno.test("user bootstrap takes TELA_OWNER_TOKEN", () =>
  withUsers(async (user) => {
    await user("bootstrap", { TELA_OWNER_TOKEN: "given" });
    assert.equal((await user("show-owner")).out, "given\n");
  }));

Deno.test("user list shows the beginnings of tokens, as a table and as JSON that parses (hub 76)", () =>
  withUsers(async (user) => {
    assert.deepEqual((await user("list -json")).out, "[]\n");
    assert.match((await user("list")).out, /^No identities: run telahubd user bootstrap\.\n$/);
    const owner = (await user("bootstrap")).out.slice(-65, -57);
    const lines = (await user("list")).out.trimEnd().split("\n");
    assert.equal(lines[0], "ID              ROLE    TOKEN (first 8)");
    assert.equal(lines[1], `owner           owner   ${owner}...`);
    const [first] = JSON.parse((await user("list -json")).out);
    assert.deepEqual(first, { id: "owner", role: "owner", tokenPreview: `${owner}...` });
  }));

Deno.test("user add, grant, revoke, rotate and remove change the file as the hub would", () =>
  withUsers(async (user, path) => {
    await user("bootstrap");
    const added = await user("add alice");
    const token = new RegExp(`^ {2}Token: (${HEX_64})\n$`).exec(added.out)![1]!;
    const open = async () => (await HubConfigFile.open(path)).config.auth;
    const [alice] = (await open()).tokens.slice(-1);
    assert.deepEqual([alice!.id, alice!.role, alice!.token], ["alice", "user", token]);
    assert.ok(alice!.issuedAtMs !== undefined, "issuedAt is recorded");
    const silent = { code: 0, out: "", err: "" };
    assert.deepEqual(await user("grant alice barn"), silent);
    assert.equal((await user("grant alice barn")).out, "alice may connect on barn already\n");
    assert.deepEqual(await user("grant alice barn register manage"), silent);
    assert.deepEqual((await open()).machines.get("barn"), {
      registerToken: token,
      connect: [{ token, services: [] }],
      manageTokens: [token],
    });
    const rotated = new RegExp(`^ {2}New token: (${HEX_64})\n$`)
      .exec((await user("rotate alice")).out)![1]!;
    assert.deepEqual((await open()).machines.get("barn"), {
      registerToken: rotated,
      connect: [{ token: rotated, services: [] }],
      manageTokens: [rotated],
    });
    assert.deepEqual(await user("revoke alice barn"), silent);
    assert.equal((await user("revoke alice barn")).code, 1);
    assert.deepEqual(await user("remove alice"), silent);
    const { tokens, machines } = await open();
    assert.deepEqual(tokens.map(({ id }) => id), ["owner", "console-viewer"]);
    assert.deepEqual([...machines.keys()], ["*"], "manage is scrubbed too");
  }));

const REFUSED: [line: string, code: number, words: RegExp][] = [
  ["add owner", 1, /already exists/],
  ["add alice -role viewer", 2, /-role must be owner or admin/],
  ["add", 2, /Missing <id>/i],
  ["add a\x1bb", 2, /control characters/],
  ["remove owner", 1, /last remaining owner/],
  ["remove nobody", 1, /no identity "nobody"/],
  ["grant nobody barn", 1, /no identity "nobody"/],
  ["grant owner barn fly", 2, /one of register, connect, manage: fly/],
  ["revoke owner shed", 1, /no grant to connect on machine "shed"/],
  ["rotate nobody", 1, /no identity/],
  ["lis", 1, /Did you mean: list\?/],
  ["list -nope", 2, /-nope/],
];

for (const [line, code, words] of REFUSED) {
  Deno.test(`user ${JSON.stringify(line)} exits with ${code} and changes nothing`, () =>
    withUsers(async (user, path) => {
      await user("bootstrap");
      const before = await Deno.readTextFile(path);
      const ran = await user(line);
      assert.deepEqual([ran.code, ran.out], [code, ""]);
      assert.match(ran.err, /^Error: /);
      assert.match(ran.err, words);
      assert.equal(await Deno.readTextFile(path), before);
    }));
}

Deno.test("user add makes nobody but an owner the first, so that there is one", () =>
  withUsers(async (user, path) => {
    const ran = await user("add alice");
    assert.equal(ran.code, 1);
    assert.match(ran.err, /run telahubd user bootstrap first/);
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
    assert.equal((await user("add boss -role owner")).code, 0);
    assert.equal((await user("show-viewer")).code, 1);
  }));

Deno.test("user says what is wrong with a file, and exits with 3 (hub 72)", () =>
  withUsers(async (user, path) => {
    await Deno.writeTextFile(path, "auth: [\n");
    for (const line of ["list", "add alice", "bootstrap", "show-owner"]) {
      const ran = await user(line);
      assert.deepEqual([ran.code, ran.out], [3, ""], line);
      assert.match(ran.err, /^Error: cannot parse .* line \d/);
    }
    assert.equal(await Deno.readTextFile(path), "auth: [\n");
  }));

async function statusWith(port: number, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`http://127.0.0.1:${port}/api/status`, { headers });
  await response.body?.cancel();
  return response.status;
}

Deno.test(
  "what telahubd user has changed holds in a running hub when it returns (hub 38, 82)",
  ON_UNIX,
  () =>
    inTemporaryFolder(async (dir) => {
      const hub = await HubProcess.start(dir, {
        args: ["-port", "0"],
        env: { TELAHUBD_UDP: "off" },
      });
      const port = await hub.port();
      const user = async (...args: string[]) => {
        const ran = await (await HubProcess.start(dir, { args: ["user", ...args] })).ended();
        assert.equal(ran.code, 0, args.join(" "));
        return ran.stdout;
      };
      const token = (await user("add", "barn-agent")).slice(-65, -1);
      assert.equal(await statusWith(port, token), 200);
      await user("grant", "barn-agent", "barn", "register");
      const agent = await RawClient.upgrade(port);
      await agent.send(0x81, { type: "register", agentId: "a", machineName: "barn", token });
      assert.equal((await agent.nextMessage()).machineId, "barn");
      await user("remove", "barn-agent");
      assert.equal(await statusWith(port, token), 401);
      assert.match((await agent.nextMessage()).message as string, /access denied/i);
      assert.match(await agent.nextClose() ?? "", /^1008/);
      agent.close();
      const yaml = await Deno.readTextFile(`${dir}/data/telahubd.yaml`);
      await Deno.writeTextFile(`${dir}/data/telahubd.yaml`, `${yaml}name: [\n`);
      await hub.logged(/NOT TAKEN OVER: Cannot parse data\/telahubd\.yaml: line \d+/);
      const owner = /id: owner\n +token: ([0-9a-f]{64})\n/.exec(yaml)![1]!;
      assert.equal(await statusWith(port, owner), 200, "the old state is kept");
      hub.signal("SIGTERM");
      assert.equal((await hub.ended()).code, 0);
      assert.ok(!hub.log.includes(token));
    }),
);
