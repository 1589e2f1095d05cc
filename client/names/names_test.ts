import assert from "node:assert/strict";
import { command, MemoryIo, run } from "../../core/cli/mod.ts";
import { ManualClock } from "../../core/clock/mod.ts";
import { readRemotes } from "./name_files.ts";
import { withHubNames } from "./with_names.ts";

const REMOTES = `
portal: { url: https://old.example/, token: old-secret }
remotes:
  work: { url: "https://work.example/base/", token: work-secret, hub_directory: /dir }
  away: { url: https://away.example }
  empty: {}
`;

const ALIASES = `
hubs:
  Lab: ws://lab.example:8080/x
  barn: { url: "wss://barn.example", pin: "sha256:00" }
  owlsnest: wss://not.example
  empty: {}
`;

/** What portals answer to a request, by its address. */
type Answers = Readonly<Record<string, unknown>>;

const ALL: Answers = {
  "https://away.example/api/hubs": { hubs: [{ name: "attic", url: "https://attic.example" }] },
  "https://old.example/api/hubs": { hubs: [null, 5, { name: "cellar" }] },
  "https://work.example/base/dir": {
    hubs: [{ name: "OwlsNest", url: "wss://owl.example" }, { name: "attic", url: "x" }],
  },
};

class World implements AsyncDisposable {
  readonly #dir = Deno.makeTempDirSync();
  readonly requests: string[] = [];
  readonly clock = new ManualClock(Date.UTC(2026, 7, 1));
  readonly files = { remotes: `${this.#dir}/config.yaml`, aliases: `${this.#dir}/hubs.yaml` };
  answers = ALL;

  constructor() {
    Deno.writeTextFileSync(this.files.remotes, REMOTES);
    Deno.writeTextFileSync(this.files.aliases, ALIASES);
  }

  /** Runs a command below another with these arguments; the hub that it was given. */
  async hubOf(args: string[], env: Record<string, string> = {}) {
    let given: unknown = "not run";
    const hub = { type: "string", summary: "Hub.", env: "TELA_HUB" } as const;
    const v = { type: "boolean", summary: "Say more." } as const;
    const below = command({
      name: "ask",
      summary: "Ask",
      flags: { hub, v },
      run: ({ flags }) => void (given = flags.hub),
    });
    const fetch = (request: Request) => {
      this.requests.push(`${request.url} ${request.headers.get("authorization")}`);
      const answer = this.answers[request.url];
      return Promise.resolve(
        answer === undefined ? new Response("", { status: 404 }) : Response.json(answer),
      );
    };
    const program = command({ name: "tela", summary: "x", commands: [below] });
    const io = new MemoryIo({ args: ["ask", ...args], env });
    const { files, clock } = this;
    const code = await run(withHubNames(program, { files, fetch, clock }), io);
    return { code, hub: given, err: io.err };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#dir, { recursive: true });
  }
}

const NAMES: [name: string, hub: string][] = [
  ["attic", "wss://attic.example"],
  ["ATTIC", "wss://attic.example"],
  ["owlsnest", "wss://owl.example"],
  ["Lab", "ws://lab.example:8080/x"],
  ["barn", "wss://barn.example"],
  ["lab", "lab"],
  ["cellar", "cellar"],
  ["empty", "empty"],
  ["hub.example.com", "hub.example.com"],
];

for (const [name, hub] of NAMES) {
  Deno.test(`-hub ${name} is ${hub}: portals by name in any case, then hubs.yaml to the letter (client 22, 23, 24, 25)`, async () => {
    await using world = new World();
    assert.deepEqual(await world.hubOf(["-hub", name]), { code: 0, hub, err: "" });
    assert.equal((await world.hubOf([], { TELA_HUB: name })).hub, hub);
  });
}

Deno.test("portals are asked in the order of their names, each with its own token and list, the first that knows it last", async () => {
  await using world = new World();
  await world.hubOf(["-hub", "owlsnest"]);
  assert.deepEqual(world.requests.splice(0), [
    "https://away.example/api/hubs null",
    "https://old.example/api/hubs Bearer old-secret",
    "https://work.example/base/dir Bearer work-secret",
  ]);
  await world.hubOf(["-hub", "attic"]);
  assert.equal(world.requests.length, 1);
});

Deno.test("an address is never looked up, whatever its scheme", async () => {
  await using world = new World();
  for (const hub of ["ws://h", "WSS://h", "https://h", "ftp://h"]) {
    assert.equal((await world.hubOf(["-hub", hub])).hub, hub);
  }
  assert.deepEqual(world.requests, []);
});

Deno.test("a portal that cannot be asked is passed over, and -v says why without its token", async () => {
  await using world = new World();
  world.answers = { ...ALL, "https://old.example/api/hubs": { hubs: "none" } };
  const { "https://away.example/api/hubs": _, ...answers } = world.answers;
  world.answers = answers;
  const { hub, err } = await world.hubOf(["-hub", "owlsnest", "-v"]);
  assert.equal(hub, "wss://owl.example");
  assert.equal(
    err,
    '2026-08-01T00:00:00Z [tela] remote "away" passed over: HTTP 404: unknown error\n' +
      '2026-08-01T00:00:00Z [tela] remote "portal" passed over: its answer lists no hubs\n',
  );
  assert.equal((await world.hubOf(["-hub", "owlsnest"])).err, "");
});

Deno.test("a portal that is silent for 10 s is passed over", async () => {
  await using world = new World();
  const asked = Promise.withResolvers<void>();
  const fetch = ({ url, signal }: Request) => {
    if (!url.includes("away")) return Promise.resolve(Response.json(ALL[url] ?? {}));
    asked.resolve();
    return new Promise<Response>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  };
  let hub: unknown;
  const ask = command({
    name: "tela",
    summary: "x",
    flags: {
      hub: { type: "string", summary: "Hub." },
      v: { type: "boolean", summary: "More." },
    },
    run: ({ flags }) => void (hub = flags.hub),
  });
  const { files, clock } = world;
  const io = new MemoryIo({ args: ["-hub", "owlsnest", "-v"] });
  const running = run(withHubNames(ask, { files, fetch, clock }), io);
  await asked.promise;
  clock.advance(10_000);
  assert.equal(await running, 0);
  assert.equal(hub, "wss://owl.example");
  assert.match(io.err, /passed over: Cannot reach the portal at \S+: no answer within 10 s; /);
});

Deno.test("a portal of older programs is moved among the remotes, where the file can be written (client 25)", async () => {
  await using world = new World();
  await world.hubOf(["-hub", "attic"]);
  const text = await Deno.readTextFile(world.files.remotes);
  assert.doesNotMatch(text, /^portal:/m);
  const [, moved] = await readRemotes(world.files.remotes);
  assert.deepEqual(moved, {
    name: "portal",
    url: "https://old.example/",
    token: "old-secret",
    directory: "/api/hubs",
  });
  const both = "portal: {url: https://a}\nremotes: {portal: {url: https://b}}\n";
  await Deno.writeTextFile(world.files.remotes, both);
  assert.deepEqual((await readRemotes(world.files.remotes)).map(({ url }) => url), ["https://b"]);
});

Deno.test("files that are malformed are configuration errors, missing ones know no names", async () => {
  await using world = new World();
  await Deno.writeTextFile(world.files.aliases, "hubs: [");
  assert.equal((await world.hubOf(["-hub", "Lab"])).code, 3);
  await Deno.remove(world.files.aliases);
  await Deno.remove(world.files.remotes);
  assert.equal((await world.hubOf(["-hub", "Lab"])).hub, "Lab");
});
