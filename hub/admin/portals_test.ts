import assert from "node:assert/strict";
import { HubRig, identity, type RigRequest } from "../testing/mod.ts";
import { auth } from "./_fixture.ts";

const OWNER: RigRequest = { token: "owner-token" };
const NEW = { name: "home", portalUrl: "portal.example/", hubUrl: "wss://hub.example" };

interface Asked {
  readonly request: string;
  readonly token: string | undefined;
  readonly body: unknown;
}

/** A hub, and a portal that answers as told and notes what it was asked. */
function setUp(answers: Readonly<Record<string, () => Response>> = {}) {
  const hub = new HubRig(
    auth([{ ...identity("console-viewer", "viewer"), token: "v".repeat(64) }]),
  );
  const asked: Asked[] = [];
  hub.portal = (url, { method, headers, body }) => {
    const token = (headers as Record<string, string>).authorization;
    const text = body as string | null;
    asked.push({ request: `${method} ${url}`, token, body: text && JSON.parse(text) });
    const answer = answers[`${method} ${new URL(url).pathname}`];
    return answer === undefined
      ? Promise.reject(new TypeError("connection refused"))
      : Promise.resolve(answer());
  };
  return { hub, asked };
}

const DISCOVERY = () => Response.json({ hub_directory: "/dir", supportedVersions: ["1.1"] });
const REGISTERED = () => Response.json({ syncToken: "hubsync_1", updated: false });

Deno.test("POST portals registers at the place the portal names, and keeps what it must (hub 52, 55)", async () => {
  const { hub, asked } = setUp({
    "GET /.well-known/tela": DISCOVERY,
    "POST /dir": REGISTERED,
  });
  const made = await hub.ask("POST /api/admin/portals", {
    ...OWNER,
    body: { ...NEW, portalToken: "secret-portal-token" },
  });
  const shown = {
    name: "home",
    url: "https://portal.example",
    hubDirectory: "/dir",
    hasSyncToken: true,
  };
  assert.deepEqual([made.status, made.body], [201, { status: "created", ...shown }]);
  const token = "Bearer secret-portal-token";
  assert.deepEqual(asked, [
    { request: "GET https://portal.example/.well-known/tela", token: undefined, body: null },
    {
      request: "POST https://portal.example/dir",
      token,
      body: {
        name: "lab",
        url: "wss://hub.example",
        hubId: "hub-1",
        viewerToken: "v".repeat(64),
      },
    },
  ]);
  assert.deepEqual((await hub.ask("GET /api/admin/portals", OWNER)).body, { portals: [shown] });
  const said = hub.sockets.lines.join("\n") + JSON.stringify(hub.sockets.audited);
  for (const secret of ["hubsync_1", "secret-portal-token", "vvvv"]) {
    assert.equal(said.includes(secret), false);
  }
  hub.close();
});

Deno.test("adding a portal twice updates it; it goes by path and by query (hub 53)", async () => {
  const { hub } = setUp({
    "GET /.well-known/tela": DISCOVERY,
    "POST /dir": () => Response.json({ syncToken: "hubsync_2", updated: true }),
  });
  const add = () => hub.ask("POST /api/admin/portals", { ...OWNER, body: NEW });
  assert.equal((await add()).body.status, "updated");
  const byPath = await hub.ask("DELETE /api/admin/portals/home", OWNER);
  assert.deepEqual(byPath.body, { status: "removed", name: "home" });
  assert.equal((await hub.ask("DELETE /api/admin/portals/home", OWNER)).status, 404);
  await add();
  assert.equal((await hub.ask("DELETE /api/admin/portals?name=home", OWNER)).status, 200);
  assert.equal((await hub.ask("DELETE /api/admin/portals", OWNER)).status, 400);
  hub.close();
});

Deno.test("a portal that does not say where its list is, or names another host, is asked at the usual place (hub 55)", async () => {
  const unclear: (() => Response)[] = [
    () => new Response("", { status: 404 }),
    () => new Response("{"),
    () => Response.json({}),
    () => Response.json({ hub_directory: "//evil.example/x" }),
    () => Response.json({ hub_directory: "https://evil.example/x" }),
    () => Response.json({ hub_directory: "/a b" }),
  ];
  for (const answer of unclear) {
    const { hub, asked } = setUp({ "GET /.well-known/tela": answer, "POST /api/hubs": REGISTERED });
    assert.equal((await hub.ask("POST /api/admin/portals", { ...OWNER, body: NEW })).status, 201);
    assert.equal(asked[1]!.request, "POST https://portal.example/api/hubs");
    hub.close();
  }
});

const FAILURES: [what: string, answer: (() => Response) | undefined, words: RegExp][] = [
  ["401", () => new Response("", { status: 401 }), /portal token/],
  ["409", () => new Response("name taken", { status: 409 }), /409: name taken/],
  ["a redirect", () => new Response("", { status: 302 }), /302/],
  ["no sync token", () => Response.json({}), /no sync token/],
  ["100 KB", () => new Response("x".repeat(100_000)), /longer than 65536 bytes/],
  ["nothing", undefined, /cannot be reached: connection refused/],
];

for (const [what, answer, words] of FAILURES) {
  Deno.test(`a portal that answers ${what} is 502, and nothing is kept (hub 54)`, async () => {
    const { hub } = setUp({
      "GET /.well-known/tela": DISCOVERY,
      ...(answer !== undefined && { "POST /dir": answer }),
    });
    const made = await hub.ask("POST /api/admin/portals", { ...OWNER, body: NEW });
    assert.equal(made.status, 502);
    assert.match(made.body.error, words);
    assert.deepEqual((await hub.ask("GET /api/admin/portals", OWNER)).body, { portals: [] });
    hub.close();
  });
}

const BAD: [body: object, words: RegExp][] = [
  [{ ...NEW, name: "" }, /name/],
  [{ ...NEW, portalUrl: "" }, /portalUrl/],
  [{ ...NEW, portalUrl: "ftp://x" }, /portalUrl/],
  [{ ...NEW, portalUrl: "https://user:pass@x" }, /portalUrl/],
  [{ ...NEW, hubUrl: "hub.example" }, /hubUrl/],
  [{ ...NEW, portalToken: 5 }, /portalToken/],
];

for (const [body, words] of BAD) {
  Deno.test(`POST portals of ${JSON.stringify(body)} is 400`, async () => {
    const { hub, asked } = setUp();
    const made = await hub.ask("POST /api/admin/portals", { ...OWNER, body });
    assert.equal(made.status, 400);
    assert.match(made.body.error, words);
    assert.deepEqual(asked, []);
    hub.close();
  });
}

Deno.test("a hub without a name cannot be listed", async () => {
  const { hub } = setUp();
  hub.name = "";
  const made = await hub.ask("POST /api/admin/portals", { ...OWNER, body: NEW });
  assert.equal(made.status, 400);
  assert.match(made.body.error, /no name/);
  hub.close();
});

Deno.test("a portal that is silent is given up after 10 s, then 15 s", async () => {
  const { hub } = setUp();
  hub.portal = (_, { signal }) =>
    new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason)));
  const made = hub.ask("POST /api/admin/portals", { ...OWNER, body: NEW });
  for (const ms of [10_000, 15_000]) {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    hub.sockets.clock.advance(ms);
  }
  const { status, body } = await made;
  assert.equal(status, 502);
  assert.match(body.error, /no answer within 15 s/);
  hub.close();
});

Deno.test("rotating console-viewer tells all portals, past one that cannot be reached (hub 56)", async () => {
  const answers: Record<string, () => Response> = {
    "GET /.well-known/tela": DISCOVERY,
    "POST /dir": REGISTERED,
    "PATCH /dir/sync": () => Response.json({ ok: true }),
  };
  const { hub, asked } = setUp(answers);
  for (const host of ["a.example", "b.example"]) {
    const body = { ...NEW, name: host, portalUrl: host };
    await hub.ask("POST /api/admin/portals", { ...OWNER, body });
  }
  const { portal } = hub;
  hub.portal = (url, init) =>
    url.includes("a.example") ? Promise.reject(new TypeError("gone")) : portal(url, init);
  asked.length = 0;
  const { body: { token: viewerToken } } = await hub.ask(
    "POST /api/admin/rotate/console-viewer",
    OWNER,
  );
  await hub.ask("POST /api/admin/rotate/viewer", OWNER);
  assert.deepEqual(asked, [{
    request: "PATCH https://b.example/dir/sync",
    token: "Bearer hubsync_1",
    body: { name: "lab", viewerToken },
  }]);
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  const told = hub.sockets.lines.filter((line) => line.includes("not told"));
  assert.equal(told.length, 1);
  assert.match(told[0]!, /"a\.example" not told .*cannot be reached: gone/);
  hub.close();
});
