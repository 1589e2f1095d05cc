import assert from "node:assert/strict";
import { MemoryIo, type MemoryIoOptions, run } from "../../core/cli/mod.ts";
import { systemClock } from "../../core/clock/mod.ts";
import { HubConfigFile } from "../config/mod.ts";
import { HubProcess, inTemporaryFolder } from "../testing/mod.ts";
import { portalCommand } from "./portal.ts";

const ON_UNIX = { ignore: Deno.build.os === "windows" };
const VIEWER = "f".repeat(64);
const TEXT = `hubId: hub-1
name: lab
auth:
  tokens:
    - {id: owner, token: o, hubRole: owner}
    - {id: console-viewer, token: ${VIEWER}, hubRole: viewer}
`;

interface Asked {
  readonly request: string;
  readonly bearer: string | undefined;
  readonly body: Record<string, unknown> | undefined;
}

type Answers = Readonly<Record<string, () => Response>>;

/** A portal with the shapes of portal.md 2 and 3. */
const PORTAL: Answers = {
  "GET /.well-known/tela": () =>
    Response.json({ hub_directory: "/dir", protocolVersion: "1.1", supportedVersions: ["1.1"] }),
  "POST /dir": () => Response.json({ hubs: [], syncToken: "hubsync_secret" }),
  "PATCH /dir/sync": () => Response.json({ ok: true }),
};

async function answer(request: Request, { asked, answers }: {
  asked: Asked[];
  answers: Answers;
}): Promise<Response> {
  const { pathname } = new URL(request.url);
  const text = await request.text();
  asked.push({
    request: `${request.method} ${pathname}`,
    bearer: request.headers.get("authorization")?.slice("Bearer ".length),
    body: text === "" ? undefined : JSON.parse(text),
  });
  const respond = answers[`${request.method} ${pathname}`];
  return respond === undefined ? new Response("no such place", { status: 404 }) : respond();
}

interface Rig {
  readonly path: string;
  readonly asked: Asked[];
  readonly portal: (
    line: string,
    options?: Omit<MemoryIoOptions, "args">,
  ) => Promise<{ code: number; out: string; err: string }>;
}

function withPortal(
  test: (rig: Rig) => Promise<void>,
  { answers = PORTAL, text = TEXT }: { answers?: Answers; text?: string } = {},
): Promise<void> {
  return inTemporaryFolder(async (dir) => {
    const path = `${dir}/telahubd.yaml`;
    await Deno.writeTextFile(path, text);
    const asked: Asked[] = [];
    const command = portalCommand({
      fetch: (url, init) => answer(new Request(url, init), { asked, answers }),
      clock: systemClock,
    });
    const portal: Rig["portal"] = async (line, { env, ...options } = {}) => {
      const io = new MemoryIo({
        ...options,
        args: line.split(" "),
        env: { TELAHUBD_CONFIG: path, ...env },
      });
      const code = await run(command, io);
      for (const secret of ["hubsync_secret", VIEWER, "portal-secret"]) {
        assert.ok(!(io.out + io.err).includes(secret), "a secret was shown");
      }
      return { code, out: io.out, err: io.err };
    };
    await test({ path, asked, portal });
  });
}

const ADD = "add work portal.example -hub-url https://hub.example";

Deno.test("portal add registers the hub and keeps what the portal gives (hub 52, 55)", () =>
  withPortal(async ({ path, asked, portal }) => {
    const added = await portal(ADD, { env: { TELAHUBD_PORTAL_TOKEN: "portal-secret" } });
    assert.deepEqual(added, { code: 0, out: "ok\n", err: "" });
    assert.deepEqual(asked, [
      { request: "GET /.well-known/tela", bearer: undefined, body: undefined },
      {
        request: "POST /dir",
        bearer: "portal-secret",
        body: { name: "lab", url: "https://hub.example", hubId: "hub-1", viewerToken: VIEWER },
      },
    ]);
    assert.deepEqual([...(await HubConfigFile.open(path)).portals], [["work", {
      url: "https://portal.example",
      hubDirectory: "/dir",
      syncToken: "hubsync_secret",
    }]]);
    assert.ok(!(await Deno.readTextFile(path)).includes("portal-secret"));
  }));

Deno.test("portal add asks at a terminal for what is missing, the token unseen", () =>
  withPortal(async ({ path, asked, portal }) => {
    const added = await portal("add work https://portal.example", {
      terminal: true,
      stdin: "portal-secret\nlab\nhttps://hub.example\n",
    });
    assert.deepEqual([added.code, added.out], [0, "ok\n"]);
    assert.deepEqual(asked[1]?.bearer, "portal-secret");
    assert.equal((await HubConfigFile.open(path)).config.name, "lab");
  }, { text: TEXT.replace("name: lab\n", "") }));

Deno.test("portal add makes the console's identity and the hub's id if they are missing", () =>
  withPortal(async ({ path, asked, portal }) => {
    assert.equal((await portal(ADD)).code, 0);
    const { config } = await HubConfigFile.open(path);
    const viewer = config.auth.tokens.find(({ id }) => id === "console-viewer");
    assert.deepEqual(asked[1]?.body?.viewerToken, viewer?.token);
    assert.deepEqual(asked[1]?.body?.hubId, config.hubId);
  }, { text: "name: lab\nauth: {tokens: [{id: owner, token: o, hubRole: owner}]}\n" }));

Deno.test("portal list, sync and remove work on what is kept (hub 53, 56)", () =>
  withPortal(async ({ path, asked, portal }) => {
    assert.equal((await portal("list")).out, "No portals configured.\n");
    assert.equal((await portal("sync")).out, "No portals configured.\n");
    await portal(ADD);
    assert.equal(
      (await portal("ls")).out,
      "NAME  URL                     TOKEN\n" +
        "work  https://portal.example  yes\n",
    );
    assert.deepEqual(JSON.parse((await portal("list -json")).out), [{
      name: "work",
      url: "https://portal.example",
      hubDirectory: "/dir",
      hasSyncToken: true,
    }]);
    asked.length = 0;
    assert.deepEqual(await portal("sync"), { code: 0, out: "", err: "" });
    assert.deepEqual(asked, [{
      request: "PATCH /dir/sync",
      bearer: "hubsync_secret",
      body: { name: "lab", viewerToken: VIEWER },
    }]);
    assert.deepEqual(await portal("rm work"), { code: 0, out: "", err: "" });
    assert.equal((await portal("remove work")).code, 1);
    assert.equal((await HubConfigFile.open(path)).portals.size, 0);
  }));

Deno.test("portal add says that the portal knew the hub (hub 53)", () =>
  withPortal(async ({ portal }) => {
    assert.equal((await portal(ADD)).out, "updated\n");
  }, {
    answers: { ...PORTAL, "POST /dir": () => Response.json({ syncToken: "s", updated: true }) },
  }));

const REFUSING: [what: string, answers: Answers, words: RegExp][] = [
  ["does not take the token", {
    ...PORTAL,
    "POST /dir": () => new Response("", { status: 401 }),
  }, /portal token/],
  ["quotes secrets in its error", {
    ...PORTAL,
    "POST /dir": () => new Response(`bad ${VIEWER} portal-secret`, { status: 500 }),
  }, /it answered 500: bad/],
  [
    "gives no sync token (hub 54)",
    { ...PORTAL, "POST /dir": () => Response.json({}) },
    /sync token/,
  ],
];

for (const [what, answers, words] of REFUSING) {
  Deno.test(`portal add of one that ${what} exits with 1 and keeps nothing`, () =>
    withPortal(async ({ path, portal }) => {
      const ran = await portal(ADD, { env: { TELAHUBD_PORTAL_TOKEN: "portal-secret" } });
      assert.deepEqual([ran.code, ran.out], [1, ""]);
      assert.match(ran.err, /^Error: cannot register with https:\/\/portal\.example: /);
      assert.match(ran.err, words);
      assert.equal(await Deno.readTextFile(path), TEXT);
    }, { answers }));
}

const WRONG: [line: string, text: string, code: number, words: RegExp][] = [
  ["add work portal.example", TEXT, 2, /Missing -hub-url/i],
  ["add work ftp://portal.example -hub-url https://h", TEXT, 2, /A portal must be as/i],
  ["add work portal.example -hub-url hub", TEXT, 2, /-hub-url must be as/],
  [ADD, TEXT.replace("name: lab\n", ""), 2, /Missing -name/i],
  [ADD, "name: lab\n", 1, /no owner yet/],
  ["remove nope", TEXT, 1, /No portal "nope"/i],
  ["sync", `${TEXT.replace("name: lab\n", "")}portals: {p: {url: "https://p"}}\n`, 1, /no name/],
  ["sync", `${TEXT}portals: {p: {url: "https://p"}}\n`, 1, /1 of 1 portals/],
];

for (const [line, text, code, words] of WRONG) {
  Deno.test(`portal ${line} exits with ${code}: ${words}`, () =>
    withPortal(async ({ path, asked, portal }) => {
      const ran = await portal(line);
      assert.deepEqual([ran.code, ran.out], [code, ""]);
      assert.match(ran.err, words);
      assert.deepEqual(asked, []);
      assert.equal(await Deno.readTextFile(path), text);
    }, { text }));
}

Deno.test("portal sync goes past a portal that cannot be told, and exits with 1 (hub 56)", () =>
  withPortal(async ({ asked, portal }) => {
    const ran = await portal("sync");
    assert.equal(ran.code, 1);
    assert.match(ran.err, /^portal a: it answered 404\nError: 1 of 2 portals could not be told\n$/);
    assert.deepEqual(asked.map(({ request }) => request).sort(), [
      "PATCH /dir/sync",
      "PATCH /old/sync",
    ]);
  }, {
    text: `${TEXT}portals:
  a: {url: "https://a", hubDirectory: /old, syncToken: s}
  b: {url: "https://b", hubDirectory: /dir, syncToken: s}
`,
  }));

Deno.test(
  "a hub registers at its first start with the portal of its environment, which telahubd portal sees and syncs",
  ON_UNIX,
  () =>
    inTemporaryFolder(async (dir) => {
      const asked: Asked[] = [];
      const { promise: told, resolve: tell } = Promise.withResolvers<void>();
      const answers = {
        ...PORTAL,
        "PATCH /dir/sync": () => {
          tell();
          return Response.json({ ok: true });
        },
      };
      await using server = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen: () => {} },
        (request) => answer(request, { asked, answers }),
      );
      const url = `http://127.0.0.1:${server.addr.port}`;
      const hub = await HubProcess.start(dir, {
        args: ["-port", "0"],
        env: {
          TELAHUBD_NAME: "lab",
          TELAHUBD_UDP: "off",
          TELAHUBD_PORTAL_URL: `${url}/`,
          TELAHUBD_PORTAL_TOKEN: "portal-secret",
          TELAHUBD_PUBLIC_URL: "https://hub.example",
        },
      });
      await hub.port();
      await hub.logged(/registered with the portal http:/);
      assert.deepEqual(asked.map(({ request, bearer }) => [request, bearer]), [
        ["GET /.well-known/tela", undefined],
        ["POST /dir", "portal-secret"],
      ]);
      const listed = await HubProcess.start(dir, { args: ["portal", "list", "-json"] });
      assert.deepEqual(JSON.parse((await listed.ended()).stdout), [
        { name: "default", url, hubDirectory: "/dir", hasSyncToken: true },
      ]);
      const rotated = await HubProcess.start(dir, { args: ["user", "rotate", "console-viewer"] });
      const viewerToken = (await rotated.ended()).stdout.slice(-65, -1);
      await told;
      const synced = await HubProcess.start(dir, {
        args: ["portal", "sync"],
        env: { TELAHUBD_NAME: "lab" },
      });
      assert.equal((await synced.ended()).code, 0, synced.log);
      hub.signal("SIGTERM");
      assert.equal((await hub.ended()).code, 0);
      const syncs = asked.slice(2);
      assert.deepEqual(new Set(syncs.map(({ request }) => request)), new Set(["PATCH /dir/sync"]));
      for (const { bearer, body } of syncs) {
        assert.deepEqual([bearer, body], ["hubsync_secret", { name: "lab", viewerToken }]);
      }
      assert.equal(syncs.length, 2, "by the hub, which saw the rotation, and by hand");
      for (const secret of ["portal-secret", "hubsync_secret", viewerToken]) {
        assert.ok(!(hub.log + synced.log).includes(secret));
      }
    }),
);
