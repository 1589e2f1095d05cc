import assert from "node:assert/strict";
import { command, MemoryIo, type MemoryIoOptions, run } from "../../core/cli/mod.ts";
import { ManualClock } from "../../core/clock/mod.ts";
import { CredentialFile } from "../../core/credentials/mod.ts";
import { accountCommands } from "./account.ts";

const HUB = "wss://hub.example/base/";

class World implements AsyncDisposable {
  readonly dir = Deno.makeTempDirSync();
  readonly requests: { url: string; body: string }[] = [];
  answer: () => Response = () => Response.json({ token: "ff00", identity: "barn-agent" });
  readonly systemStore = `${this.dir}/system/credentials.yaml`;

  async telad(options: MemoryIoOptions) {
    const commands = accountCommands({
      systemStore: () => this.systemStore,
      userStore: () => `${this.dir}/user/credentials.yaml`,
      clock: new ManualClock(),
      fetch: async (request) => {
        this.requests.push({ url: request.url, body: await request.text() });
        return this.answer();
      },
    });
    const io = new MemoryIo(options);
    const code = await run(command({ name: "telad", summary: "x", commands }), io);
    return { code, out: io.out, err: io.err };
  }

  async kept() {
    return (await CredentialFile.open(this.systemStore)).get(HUB);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

Deno.test("telad login keeps a token for the machine, logout forgets it", async () => {
  await using world = new World();
  const login = await world.telad({ args: ["login", "-hub", HUB], stdin: "s3cret\nbarn\n" });
  assert.deepEqual([login.code, login.err], [0, ""]);
  assert.equal(login.out, `Credentials stored for ${HUB}\n`);
  assert.deepEqual(await world.kept(), { token: "s3cret", identity: "barn" });
  const empty = await world.telad({ args: ["login", "-hub", HUB], stdin: "\n" });
  assert.equal(empty.code, 1);
  const logout = await world.telad({ args: ["logout", "-hub", HUB] });
  assert.equal(logout.out, `Credentials removed for ${HUB}\n`);
  const again = await world.telad({ args: ["logout", "-hub", HUB] });
  assert.deepEqual([again.code, again.out], [0, `No credentials found for ${HUB}\n`]);
});

Deno.test("telad pair exchanges a code for a token and keeps it", async () => {
  await using world = new World();
  const args = ["pair", "-hub", HUB, "-code", "3f9a-07c1", "-machine", "barn"];
  const { code, out } = await world.telad({ args });
  assert.equal(code, 0);
  assert.match(
    out,
    /^Token redeemed and stored for wss:\/\/hub\.example\/base\/\nIdentity: barn-agent\n/,
  );
  assert.ok(!out.includes("ff00"));
  assert.deepEqual(world.requests, [{
    url: "https://hub.example/base/api/pair",
    body: '{"code":"3F9A-07C1","machineId":"barn"}',
  }]);
  assert.deepEqual(await world.kept(), { token: "ff00", identity: "barn-agent" });
});

Deno.test("telad pair keeps the token for the user where the machine's store cannot be written", async () => {
  await using world = new World();
  await Deno.writeTextFile(`${world.dir}/system`, "a file where a folder should be");
  const { code, err } = await world.telad({ args: ["pair", "-hub", HUB, "-code", "x"] });
  assert.equal(code, 0);
  assert.match(err, /^Kept for this user alone, in .*credentials\.yaml: /);
});

Deno.test("telad pair reports what the hub says, or its status", async () => {
  await using world = new World();
  world.answer = () => Response.json({ error: "invalid or expired code" }, { status: 404 });
  const args = ["pair", "-hub", HUB, "-code", "x"];
  assert.equal((await world.telad({ args })).err, "Error: invalid or expired code\n");
  world.answer = () => new Response("<html>", { status: 502 });
  assert.equal((await world.telad({ args })).err, "Error: HTTP 502\n");
  world.answer = () => Response.json({ token: "ff00" });
  const bare = await world.telad({ args: ["pair", "-hub", "hub.example", "-code", "x"] });
  assert.equal(bare.code, 0);
  assert.equal(world.requests.at(-1)!.url, "https://hub.example/api/pair");
  assert.match(bare.out, /^Token redeemed and stored for wss:\/\/hub\.example\n/);
  const none = await world.telad({ args: ["pair", "-hub", "ftp://hub.example", "-code", "x"] });
  assert.deepEqual([none.code, world.requests.length], [2, 3]);
});

Deno.test("telad login and logout take a hub's address as an agent dials it", async () => {
  await using world = new World();
  const login = ["login", "-hub", "hub.example/base/"];
  assert.equal((await world.telad({ args: login, stdin: "s3cret\n\n" })).code, 0);
  assert.deepEqual(await world.kept(), { token: "s3cret" });
  const logout = await world.telad({ args: ["logout", "-hub", "https://hub.example/base"] });
  assert.equal(logout.out, "Credentials removed for wss://hub.example/base\n");
  assert.equal(await world.kept(), undefined);
});
