import assert from "node:assert/strict";
import type { Json } from "../../core/control/mod.ts";
import { KnownAgents } from "../../core/identity/mod.ts";
import { admin, json } from "./_fixture.ts";

Deno.test("admin access prints who may do what (client 17)", async () => {
  const { code, out, requests } = await admin(["access"], {
    "GET /api/admin/access": json({
      access: [
        { id: "owner", role: "owner", machines: [{ machineId: "*", permissions: ["connect"] }] },
        {
          id: "alice",
          role: "user",
          machines: [
            { machineId: "barn", permissions: ["connect", "manage"], services: ["SSH"] },
            { machineId: "shed", permissions: ["register"] },
          ],
        },
        { id: "eve", role: "user", machines: [] },
        { id: "console-viewer", role: "viewer", machines: [] },
      ],
    }),
  });
  assert.equal(code, 0);
  assert.equal(
    out,
    "IDENTITY        ROLE    MACHINES\n" +
      "owner           owner   * (all permissions)\n" +
      "alice           user    barn: connect, manage [SSH] | shed: register\n" +
      "eve             user    (no permissions)\n" +
      "console-viewer  viewer  (view only)\n",
  );
  assert.equal(requests[0]!.authorization, "Bearer kept");
});

Deno.test("admin takes -token, TELA_OWNER_TOKEN, TELA_TOKEN, and the kept one, in that order (client 16)", async () => {
  const sent = async (line: string[], env: Record<string, string>) => {
    const answers = { "GET /api/admin/tokens": json({ tokens: [] }) };
    const { requests } = await admin(["tokens", "list", ...line], answers, { env });
    return requests[0]!.authorization;
  };
  const env = { TELA_OWNER_TOKEN: "o", TELA_TOKEN: "t" };
  assert.equal(await sent(["-token", "f"], env), "Bearer f");
  assert.equal(await sent([], env), "Bearer o");
  assert.equal(await sent([], { TELA_TOKEN: "t" }), "Bearer t");
  assert.equal(await sent([], {}), "Bearer kept");
});

Deno.test("admin tokens list shows states, revoked before expired", async () => {
  const { out } = await admin(["tokens", "list"], {
    "GET /api/admin/tokens": json({
      tokens: [
        { id: "a", role: "owner", tokenPreview: "11111111..." },
        { id: "b", expiresAt: "2026-07-01T00:00:00Z", tokenPreview: "2..." },
        {
          id: "c",
          expiresAt: "2026-07-01T00:00:00Z",
          revokedAt: "2026-06-01T00:00:00Z",
          issuedAt: "2026-05-01T00:00:00Z",
          tokenPreview: "3\u001b[31m",
        },
      ],
    }),
  });
  assert.equal(
    out,
    "ID  ROLE   STATUS   EXPIRES               ISSUED                TOKEN PREVIEW\n" +
      "a   owner  active   -                     -                     11111111...\n" +
      "b   user   expired  2026-07-01T00:00:00Z  -                     2...\n" +
      "c   user   revoked  2026-07-01T00:00:00Z  2026-05-01T00:00:00Z  3 [31m\n",
  );
});

/** Commands, what they send, and what they print. */
const COMMANDS: {
  line: string[];
  at: string;
  body: Json;
  answer: Json;
  out: string;
}[] = [
  {
    line: ["tokens", "add", "bob", "-role", "admin", "-expires", "30d"],
    at: "POST /api/admin/tokens",
    body: { id: "bob", role: "admin", expiresAt: "2026-08-31T00:00:00Z" },
    answer: { id: "bob", role: "admin", token: "ff00", version: 1 },
    out: "Added bob (admin)\n  Token: ff00\n",
  },
  {
    line: ["rotate", "a/b c"],
    at: "POST /api/admin/rotate/a%2Fb%20c",
    body: null,
    answer: { status: "rotated", id: "a/b c", token: "ff01", version: 2 },
    out: "Rotated the token of a/b c\n  New token: ff01\n",
  },
  {
    line: ["tokens", "revoke", "bob"],
    at: "POST /api/admin/tokens/bob/revoke",
    body: null,
    answer: { status: "already-revoked", id: "bob", revokedAt: "2026-07-01T00:00:00Z" },
    out: "Token of bob was revoked already, at 2026-07-01T00:00:00Z\n",
  },
  ...["access", "tokens"].map((group) => ({
    line: [group, "remove", "bob"],
    at: "DELETE /api/admin/access/bob",
    body: null,
    answer: { status: "removed", id: "bob" },
    out: "Removed bob\n",
  })),
  {
    line: ["access", "grant", "alice", "*", "connect,manage"],
    at: "PUT /api/admin/access/alice/machines/*",
    body: { permissions: ["connect", "manage"] },
    answer: { status: "updated" },
    out: "Granted connect, manage on * to alice\n",
  },
  {
    line: ["access", "revoke", "alice", "barn"],
    at: "DELETE /api/admin/access/alice/machines/barn",
    body: null,
    answer: { status: "revoked" },
    out: "Revoked all permissions of alice on barn\n",
  },
  {
    line: ["access", "rename", "alice", "al"],
    at: "PATCH /api/admin/access/alice",
    body: { id: "al" },
    answer: { status: "updated", id: "al", version: 2 },
    out: "Renamed alice to al\n",
  },
  {
    line: ["pair-code", "barn", "-expires", "1h30m"],
    at: "POST /api/admin/pair-code",
    body: { machineId: "barn", type: "connect", machines: ["barn"], expiresIn: 5400 },
    answer: { code: "3F9A-07C1", type: "connect", expiresAt: "2026-08-01T09:40:00Z" },
    out: "Generated pairing code: 3F9A-07C1\nExpires: 2026-08-01T09:40:00Z\n\n" +
      "Run on the person's computer:\n  tela pair -hub ws://hub.example -code 3F9A-07C1\n",
  },
  {
    line: ["pair-codes"],
    at: "GET /api/admin/pair-codes",
    body: null,
    answer: {
      codes: [{
        id: "3f9a07c15e20",
        type: "connect",
        machines: ["barn", "shed"],
        role: "user",
        expiresAt: "2026-08-01T09:40:00Z",
      }],
    },
    out: "ID            TYPE     MACHINES    ROLE  CREATED BY  EXPIRES\n" +
      "3f9a07c15e20  connect  barn, shed  user  -           2026-08-01T09:40:00Z\n",
  },
  {
    line: ["pair-codes", "rm", "3f9a07c15e20"],
    at: "DELETE /api/admin/pair-codes/3f9a07c15e20",
    body: null,
    answer: { status: "removed", id: "3f9a07c15e20" },
    out: "Withdrew pairing code 3f9a07c15e20\n",
  },
  {
    line: ["agent", "logs", "-machine", "barn", "-n", "2"],
    at: "POST /api/admin/agents/barn/logs",
    body: { lines: 2 },
    answer: {
      type: "mgmt-response",
      requestId: "0",
      ok: true,
      payload: { lines: ["a", "b\u0007"] },
    },
    out: "a\nb \n",
  },
  {
    line: ["agent", "set", "-machine", "barn", '{"location":"garage"}'],
    at: "POST /api/admin/agents/barn/config-set",
    body: { machine: "barn", fields: { location: "garage" } },
    answer: { ok: true },
    out: "Changed the configuration of barn\n",
  },
  {
    line: ["hub", "logs", "-n", "5"],
    at: "GET /api/admin/logs?lines=5",
    body: null,
    answer: { lines: ["one"] },
    out: "one\n",
  },
  {
    line: ["hub", "update", "-version", "v0.17.0"],
    at: "POST /api/admin/update",
    body: { version: "v0.17.0" },
    answer: { ok: true, message: "updating to v0.17.0" },
    out: "ws://hub.example: updating to v0.17.0\n",
  },
  {
    line: ["hub", "channel", "set", " Stable ", "-manifest-base", "https://r.example/c/dev.json"],
    at: "PATCH /api/admin/update",
    body: { channel: "stable", manifestBase: "https://r.example/c" },
    answer: { ok: true, channel: "stable", manifestUrl: "https://r.example/c/stable.json" },
    out: "ws://hub.example: channel set to stable\n  manifest: https://r.example/c/stable.json\n",
  },
  {
    line: ["hub", "channel", "sources"],
    at: "GET /api/admin/update/sources",
    body: null,
    answer: { sources: { lab: "https://l.example/", beta: "https://b.example/" } },
    out: "CHANNEL  BASE URL\nbeta     https://b.example/\nlab      https://l.example/\n",
  },
  {
    line: ["hub", "channel", "sources", "set", "lab", "https://l.example/"],
    at: "PUT /api/admin/update/sources/lab",
    body: { base: "https://l.example" },
    answer: { ok: true, name: "lab", base: "https://l.example" },
    out: "ws://hub.example: channel lab comes from https://l.example\n",
  },
  {
    line: ["hub", "channel", "sources", "remove", "lab"],
    at: "DELETE /api/admin/update/sources/lab",
    body: null,
    answer: { ok: true, name: "lab" },
    out: "ws://hub.example: source of lab removed\n",
  },
  {
    line: ["agent", "update", "-machine", "barn"],
    at: "POST /api/admin/agents/barn/update",
    body: null,
    answer: { ok: true, message: "already running v0.17.0" },
    out: "barn: already running v0.17.0\n",
  },
  {
    line: ["agent", "channel", "-machine", "barn", "set", "stable"],
    at: "POST /api/admin/agents/barn/update-channel",
    body: { channel: "stable" },
    answer: { ok: true, payload: { channel: "stable", manifestUrl: "https://r.example/s.json" } },
    out: "barn: channel set to stable\n  manifest: https://r.example/s.json\n",
  },
  {
    line: ["agent", "channel", "sources", "set", "lab", "https://l.example", "-machine", "barn"],
    at: "POST /api/admin/agents/barn/channel-sources-set",
    body: { name: "lab", base: "https://l.example" },
    answer: { ok: true, payload: { ok: true, name: "lab", base: "https://l.example" } },
    out: "barn: channel lab comes from https://l.example\n",
  },
  {
    line: ["hub", "restart"],
    at: "POST /api/admin/restart",
    body: null,
    answer: { ok: true, message: "restarting" },
    out: "http://hub.example: restarting\n",
  },
  {
    line: ["portals", "add", "work", "-portal-url", "https://p.example", "-portal-token", "s"],
    at: "POST /api/admin/portals",
    body: {
      name: "work",
      portalUrl: "https://p.example",
      hubUrl: "http://hub.example",
      portalToken: "s",
    },
    answer: { status: "created", name: "work", hasSyncToken: true },
    out: "Added portal work\n",
  },
];

for (const { line, at, body, answer, out } of COMMANDS) {
  Deno.test(`admin ${line.join(" ")} sends what the hub expects (client 17)`, async () => {
    const ran = await admin(line, { [at]: json(answer) });
    assert.deepEqual(ran.requests.map((request) => [request.at, request.body]), [[at, body]]);
    assert.equal(ran.out, out);
    assert.equal(ran.code, 0);
  });
}

Deno.test("admin pair-code vouches for the agent that its maker knows, by the hub and by the line it prints", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const known = new KnownAgents(`${dir}/known_agents`);
    const fingerprint = `SHA256:${"A".repeat(43)}`;
    await known.set({ hub: "ws://hub.example", machine: "barn" }, fingerprint);
    const answer = { code: "3F9A-07C1", expiresAt: "t" };
    const make = async (line: string[]) => {
      const answers = { "POST /api/admin/pair-code": json(answer) };
      const { requests, out, code } = await admin(["pair-code", ...line], answers, { known });
      return { code, sent: (requests[0]?.body as { fingerprint?: string })?.fingerprint, out };
    };
    const one = await make(["barn"]);
    assert.equal(one.sent, fingerprint);
    assert.ok(one.out.endsWith(` -code 3F9A-07C1 -agent barn=${fingerprint}\n`));
    assert.equal((await make(["shed"])).sent, undefined);
    assert.equal((await make(["barn", "-machines", "*"])).sent, undefined);
    assert.equal((await make(["barn", "-type", "register"])).sent, undefined);
    assert.equal((await make(["barn", "-fingerprint", "x"])).code, 2);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("admin reports a refusal with its status, its text and what to do (client 18)", async () => {
  const refused = await admin(["tokens", "list"], {
    "GET /api/admin/tokens": json({ error: "forbidden" }, 403),
  });
  assert.equal(refused.code, 1);
  assert.equal(
    refused.err,
    "Error: HTTP 403: forbidden; the token needs the role owner or admin\n",
  );
  const page = await admin(["tokens", "list"], {
    "GET /api/admin/tokens": new Response("<html>", { status: 502 }),
  });
  assert.equal(page.err, "Error: HTTP 502: unknown error\n");
});

Deno.test("admin pair-codes says so where the hub cannot tell", async () => {
  const { code, err } = await admin(["pair-codes"], {});
  assert.equal(code, 1);
  assert.match(err, /^Error: hub http:\/\/hub\.example does not list pairing codes: /);
});

Deno.test("admin agent reports ok:false as the failure that it is", async () => {
  const { code, err, out } = await admin(["agent", "restart", "-machine", "barn"], {
    "POST /api/admin/agents/barn/restart": json({ ok: false, message: "unknown action: restart" }),
  });
  assert.deepEqual([code, out], [1, ""]);
  assert.equal(err, 'Error: agent of "barn": unknown action: restart\n');
});

Deno.test("admin access grant -services asks first whether the hub knows such grants", async () => {
  const line = ["access", "grant", "alice", "barn", "connect", "-services", "ssh, web"];
  const put = "PUT /api/admin/access/alice/machines/barn";
  const known = { "GET /.well-known/tela": json({ capabilities: ["per-service-access-control"] }) };
  const granted = await admin(line, { ...known, [put]: json({}) });
  assert.deepEqual(granted.requests[1]!.body, {
    permissions: ["connect"],
    services: ["ssh", "web"],
  });
  const old = await admin(line, { "GET /.well-known/tela": json({}), [put]: json({}) });
  assert.equal(old.code, 1);
  assert.match(old.err, /does not support grants of single services: nothing was granted/);
  assert.equal(old.requests.length, 1);
  const useless = await admin([...line.slice(0, 4), "manage", "-services", "ssh"], {});
  assert.deepEqual([useless.code, useless.requests.length], [2, 0]);
});

Deno.test("admin asks before it destroys, at a terminal only", async () => {
  const at = "DELETE /api/admin/access/bob";
  const answers = { [at]: json({}) };
  const line = ["access", "remove", "bob"];
  const no = await admin(line, answers, { terminal: true, stdin: "n\n" });
  assert.deepEqual([no.code, no.requests.length], [1, 0]);
  assert.match(no.err, /Remove bob with its token and permissions\? \[y\/N\] /);
  const yes = await admin(line, answers, { terminal: true, stdin: "y\n" });
  assert.deepEqual([yes.code, yes.requests.length], [0, 1]);
  const forced = await admin([...line, "-force"], { [at]: json({}) }, { terminal: true });
  assert.deepEqual([forced.code, forced.err], [0, ""]);
});

Deno.test("admin refuses what is malformed before it sends anything", async () => {
  const lines = [
    ["access", "grant", "alice", "barn", "fly"],
    ["access", "grant", "alice", "barn"],
    ["tokens", "add", "x", "-expires", "soon"],
    ["pair-code", "barn", "-expires", "8d"],
    ["pair-code", "barn", "-type", "other"],
    ["pair-code"],
    ["agent", "set", "-machine", "barn", "[]"],
    ["agent", "logs"],
    ["agent", "channel"],
    ["hub", "channel", "set", "a/b"],
    ["hub", "channel", "sources", "set", "lab", "ftp://l.example"],
    ["access", "lst"],
  ];
  for (const line of lines) {
    const { code, requests } = await admin(line, {});
    assert.equal(requests.length, 0, line.join(" "));
    assert.ok(code === 1 || code === 2, line.join(" "));
  }
});
