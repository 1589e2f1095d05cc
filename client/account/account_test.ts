import assert from "node:assert/strict";
import { command, MemoryIo, type MemoryIoOptions, run } from "../../core/cli/mod.ts";
import { ManualClock } from "../../core/clock/mod.ts";
import { CredentialFile } from "../../core/credentials/mod.ts";
import { KnownAgents } from "../../core/identity/mod.ts";
import { loginCommand, logoutCommand, pairCommand } from "./account.ts";

const HUB = "wss://hub.example";

class World implements AsyncDisposable {
  readonly #dir = Deno.makeTempDirSync();
  readonly requests: { url: string; body: string }[] = [];
  answer: () => Response = () => new Response(null, { status: 500 });
  readonly path = `${this.#dir}/credentials.yaml`;
  readonly agents = new KnownAgents(`${this.#dir}/known_agents`);

  async run(io: MemoryIo): Promise<number> {
    const deps = {
      clock: new ManualClock(),
      fetch: async (request: Request) => {
        this.requests.push({ url: request.url, body: await request.text() });
        return this.answer();
      },
      storedToken: () => Promise.resolve(""),
      openCredentials: () => CredentialFile.open(this.path),
      knownAgents: () => this.agents,
    };
    const commands = [loginCommand(deps), logoutCommand(deps), pairCommand(deps)];
    return await run(command({ name: "tela", summary: "x", commands }), io);
  }

  async tela(options: MemoryIoOptions): Promise<{ code: number; out: string; err: string }> {
    const io = new MemoryIo(options);
    return { code: await this.run(io), out: io.out, err: io.err };
  }

  async kept() {
    return (await CredentialFile.open(this.path)).get(HUB);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#dir, { recursive: true });
  }
}

Deno.test("login keeps what a script sends, 0600, and says so without the token (client 9)", async () => {
  await using world = new World();
  const { code, out, err } = await world.tela({
    args: ["login", `${HUB}/`],
    stdin: "s3cret\nalice\n",
  });
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(out, `Credentials stored for ${HUB}/\n`);
  assert.deepEqual(await world.kept(), { token: "s3cret", identity: "alice" });
  assert.equal((await Deno.stat(world.path)).mode! & 0o777, 0o600);
});

Deno.test("login and pair take an address without a scheme for one with TLS", async () => {
  await using world = new World();
  const bare = HUB.replace("wss://", "");
  world.answer = () => Response.json({ token: "ff00" });
  assert.equal((await world.tela({ args: ["login", bare], stdin: "s3cret\n\n" })).code, 0);
  assert.equal((await world.kept())?.token, "s3cret");
  assert.equal((await world.tela({ args: ["pair", "-hub", bare, "-code", "x"] })).code, 0);
  assert.equal(world.requests[0]!.url, `${HUB.replace("wss", "https")}/api/pair`);
});

Deno.test("login keeps a pin that was there, and refuses an empty token", async () => {
  await using world = new World();
  const pin = `sha256:${"ab".repeat(32)}`;
  await Deno.writeTextFile(world.path, `hubs:\n  ${HUB}: {token: old, pin: "${pin}"} # mine\n`);
  const empty = await world.tela({ args: ["login", HUB], stdin: "\n" });
  assert.deepEqual([empty.code, empty.err], [1, "Error: nothing was kept: no token was given\n"]);
  assert.equal((await world.kept())?.token, "old");
  await world.tela({ args: ["login", HUB], stdin: "new\n\n" });
  assert.deepEqual(await world.kept(), { token: "new", pin });
});

Deno.test("logout forgets a hub, and is content where nothing was kept", async () => {
  await using world = new World();
  await world.tela({ args: ["login", HUB], stdin: "t\n\n" });
  assert.equal((await world.tela({ args: ["logout", HUB] })).code, 0);
  assert.equal(await world.kept(), undefined);
  const again = await world.tela({ args: ["logout", HUB] });
  assert.deepEqual([again.code, again.out], [0, `Nothing was kept for ${HUB}\n`]);
});

Deno.test("pair exchanges a code for a token and keeps it (client 10)", async () => {
  await using world = new World();
  world.answer = () => Response.json({ token: "ff00", identity: "paired-1", type: "connect" });
  const { code, out } = await world.tela({ args: ["pair", "-hub", HUB, "-code", " 3f9a-07c1"] });
  assert.equal(code, 0);
  assert.equal(out, `Paired with ${HUB} as paired-1; token stored\n`);
  assert.deepEqual(world.requests, [
    { url: "https://hub.example/api/pair", body: '{"code":"3F9A-07C1"}' },
  ]);
  assert.deepEqual(await world.kept(), { token: "ff00", identity: "paired-1" });
});

Deno.test("pair keeps the agent's identity that comes with the code, from the hub or by another way", async () => {
  await using world = new World();
  const [told, other] = [`SHA256:${"A".repeat(43)}`, `SHA256:${"B".repeat(43)}`];
  const more = { type: "connect", machineId: "barn", fingerprint: told };
  world.answer = () => Response.json({ token: "ff00", identity: "paired-1", ...more });
  const known = async () => (await world.agents.find({ hub: HUB, machine: "barn" }))?.fingerprint;
  const args = ["pair", "-hub", HUB, "-code", "x"];
  const { code, out } = await world.tela({ args });
  assert.equal(code, 0);
  assert.match(out, new RegExp(`\nIdentity of "barn" kept: ${told}\n$`));
  assert.equal(await known(), told);
  const wrong = await world.tela({ args: [...args, "-agent", `barn=${other}`] });
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /names another identity for "barn" than -agent/);
  assert.equal(await known(), told);
  world.answer = () => Response.json({ token: "ff01", identity: "paired-2", type: "connect" });
  assert.equal((await world.tela({ args: [...args, "-agent", `barn=${other}`] })).code, 0);
  assert.equal(await known(), other);
  const before = world.requests.length;
  for (const agent of ["barn", "barn=x", `=${told}`, "barn=SHA256:short"]) {
    assert.equal((await world.tela({ args: [...args, "-agent", agent] })).code, 2);
  }
  assert.equal(world.requests.length, before);
});

Deno.test("pair asks for the code at a terminal, and reports a refusal", async () => {
  await using world = new World();
  world.answer = () => Response.json({ error: "invalid or expired code" }, { status: 404 });
  const asked = await world.tela({ args: ["pair", "-hub", HUB], stdin: "x\n", terminal: true });
  assert.equal(asked.code, 1);
  assert.match(asked.err, /Code: .*Error: invalid or expired code/s);
  const none = await world.tela({ args: ["pair", "-hub", HUB] });
  assert.deepEqual([none.code, world.requests.length], [2, 1]);
  assert.equal(await world.kept(), undefined);
});
