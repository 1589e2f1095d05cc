import assert from "node:assert/strict";
import { adminCommand } from "../../client/admin/mod.ts";
import { command, MemoryIo, run } from "../../core/cli/mod.ts";
import { ManualClock } from "../../core/clock/mod.ts";
import type { Fetch } from "../../core/hub_api/mod.ts";
import type { AuthConfig } from "../../hub/config/mod.ts";
import { acl, HubRig, identity } from "../../hub/testing/mod.ts";
import { EXCHANGES, OWNER_TOKEN } from "./recording.ts";

async function admin(line: readonly string[], { fetch, token }: { fetch: Fetch; token: string }) {
  const deps = {
    clock: new ManualClock(Date.UTC(2026, 10, 21, 1, 21)),
    fetch,
    storedToken: () => Promise.resolve(""),
    knownAgents: () => undefined,
  };
  const program = command({ name: "tela", summary: "x", commands: [adminCommand(deps)] });
  const env = { TELA_HUB: "ws://127.0.0.1:18081", TELA_OWNER_TOKEN: token };
  const io = new MemoryIo({ args: ["admin", ...line], env });
  const code = await run(program, io);
  return { code, out: io.out, err: io.err };
}

/** Answers the recorded request and no other. */
function recorded(http: string): Fetch {
  const exchange = EXCHANGES.find((candidate) => candidate.http === http)!;
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const body = await request.text();
    assert.equal(`${request.method} ${pathname}${search}`, exchange.http);
    assert.deepEqual(body === "" ? undefined : JSON.parse(body), exchange.req);
    assert.equal(request.headers.get("authorization"), `Bearer ${OWNER_TOKEN}`);
    const { status, headers } = exchange;
    return new Response(JSON.stringify(exchange.res), { status, headers });
  };
}

const DEV = "https://github.com/paulmooreparks/tela/releases/download/channels/dev.json";

const CHANNEL_BLOCK = `  channel:         dev\n  manifest:        ${DEV}\n` +
  "  current version: dev\n  latest version:  unavailable (fetch dev manifest: ";

/** A command, the recorded request that it must send, and how what it prints begins. */
const COMMANDS: [line: string, http: string, out: string][] = [
  [
    "tokens add alice",
    "POST /api/admin/tokens",
    "Added alice (user)\n" +
    "  Token: 0b6d846b5e8c5facfad7795f935eaf6b6d2ac7719799cee638f12eb19e06f9f1\n",
  ],
  [
    "access grant alice barn connect",
    "PUT /api/admin/access/alice/machines/barn",
    "Granted connect on barn to alice\n",
  ],
  [
    "access",
    "GET /api/admin/access",
    "IDENTITY        ROLE    MACHINES\n" +
    "owner           owner   * (all permissions)\n" +
    "console-viewer  viewer  (view only)\n" +
    "alice           user    barn: connect\n",
  ],
  [
    "tokens list",
    "GET /api/admin/tokens",
    "ID              ROLE    STATUS  EXPIRES  ISSUED                          TOKEN PREVIEW\n" +
    "owner           owner   active  -        -                               aaaaaaaa...\n" +
    "console-viewer  viewer  active  -        -                               563138b7...\n" +
    "alice           user    active  -        2026-11-21T01:21:21.524382737Z  0b6d846b...\n",
  ],
  [
    "pair-code barn -machines *",
    "POST /api/admin/pair-code",
    "Generated pairing code: 4EF5-CE16\nExpires: 2026-11-21T01:31:21Z\n\n" +
    "Run on the person's computer:\n" +
    "  tela pair -hub ws://127.0.0.1:18081 -code 4EF5-CE16\n",
  ],
  [
    "agent config -machine barn",
    "GET /api/admin/agents/barn/config-get",
    '{\n  "configPath": "/etc/tela/telad.yaml",\n  "hub": "ws://127.0.0.1:18081",\n',
  ],
  [
    "agent logs -machine barn",
    "POST /api/admin/agents/barn/logs",
    "2026-11-21T01:21:13Z [telad] loaded config from /etc/tela/telad.yaml\n",
  ],
  [
    "agent channel -machine barn",
    "POST /api/admin/agents/barn/update-status",
    `barn\n${CHANNEL_BLOCK}`,
  ],
  ["hub status", "GET /api/admin/update", `ws://127.0.0.1:18081\n${CHANNEL_BLOCK}`],
  [
    "hub logs -n 5",
    "GET /api/admin/logs?lines=5",
    '2026-11-21T01:21:21Z [hub] admin: set "alice" permissions on "barn" to [connect] (ser',
  ],
  ["portals list", "GET /api/admin/portals", "No portals configured.\n"],
  [
    "rotate alice",
    "POST /api/admin/rotate/alice",
    "Rotated the token of alice\n" +
    "  New token: d7bdd03980249b7c0d6654e8b19f6bf9f0d004f8865ddc4ac9b21132b60d22a7\n",
  ],
  ["access rename alice bob", "PATCH /api/admin/access/alice", "Renamed alice to bob\n"],
  [
    "access revoke bob barn",
    "DELETE /api/admin/access/bob/machines/barn",
    "Revoked all permissions of bob on barn\n",
  ],
  ["access remove bob", "DELETE /api/admin/access/bob", "Removed bob\n"],
];

for (const [line, http, out] of COMMANDS) {
  Deno.test(`tela admin ${line} asks the recorded hub as the reference did, and shows its answer (client 17)`, async () => {
    const fetch = recorded(http);
    const ran = await admin(line.split(" "), { fetch, token: OWNER_TOKEN });
    assert.equal(ran.err.includes("Error"), false, ran.err);
    assert.equal(ran.code, 0);
    assert.equal(ran.out.slice(0, out.length), out);
  });
}

const AUTH: AuthConfig = {
  tokens: [identity("owner", "owner"), identity("agent", "user")],
  machines: new Map([["barn", acl({ registerToken: "agent-token" })]]),
};

/** `tela admin` against our hub; an agent of the machine `barn` says yes to everything. */
class OursWithOurs implements Disposable {
  readonly hub = new HubRig(AUTH);
  readonly #agent = this.hub.sockets.agent("barn", { token: "agent-token" });

  async admin(line: string) {
    const fetch: Fetch = async (request) => {
      const { pathname, search } = new URL(request.url);
      const asked = this.hub.ask(`${request.method} ${pathname}${search}`, {
        headers: Object.fromEntries(request.headers),
        body: await request.text() || undefined,
      });
      if (pathname.startsWith("/api/admin/agents/barn/")) await this.#answer();
      const { status, headers, body } = await asked;
      return new Response(typeof body === "string" ? body : JSON.stringify(body), {
        status,
        headers,
      });
    };
    return await admin(line.split(" "), { fetch, token: "owner-token" });
  }

  /** What the agent says to the request that comes next. */
  async #answer(): Promise<void> {
    const { sent } = this.#agent;
    while (sent.length === 0) await Promise.resolve();
    const { requestId, action } = JSON.parse(sent.shift() as string);
    const payload = action === "logs" ? { lines: ["a line"] } : { hub: "ws://hub" };
    this.#agent.text({ type: "mgmt-response", requestId, ok: true, payload });
  }

  [Symbol.dispose](): void {
    this.hub.close();
  }
}

/** Commands in the order in which an administrator could give them, and what one of their lines says. */
const OURS: [line: string, says: RegExp, code?: number][] = [
  ["tokens add a/b -role admin -expires 30d", /^Added a\/b \(admin\)\n {2}Token: [0-9a-f]{64}\n$/],
  ["tokens add alice", /^Added alice \(user\)/],
  ["tokens list", /^a\/b +admin +active +2026-12-21T01:21:00Z/m],
  ["tokens list -json", /"id": "alice"/],
  ["access grant alice barn connect,manage -services SSH", /\(services: SSH\)\n$/],
  ["access", /^alice +user +barn: connect, manage \[SSH\]$/m],
  ["access -json", /"machineId": "barn"/],
  ["access revoke alice barn", /^Revoked all permissions of alice on barn\n$/],
  ["access rename alice al", /^Renamed alice to al\n$/],
  ["tokens revoke al", /^Token of al revoked, at 2026-/],
  ["tokens revoke al", /^Token of al was revoked already, at 2026-/],
  ["tokens rotate al", /^Rotated the token of al\n {2}New token: [0-9a-f]{64}\n$/],
  ["rotate a/b", /^Rotated the token of a\/b\n/],
  ["tokens rm al", /^Removed al\n$/],
  ["access remove a/b", /^Removed a\/b\n$/],
  ["access remove owner", /^Error: HTTP 409: .*last remaining owner/, 1],
  ["pair-code barn -expires 2h", /^Expires: 2026-/m],
  ["pair-code shed -type register", /^ {2}telad pair -hub /m],
  ["pair-codes", /^[0-9a-f]{12} +connect +barn +user +owner +2026-/m],
  ["pair-codes -json", /"createdBy": "owner"/],
  ["pair-codes remove 000000000000", /^Error: HTTP 404: no open pairing code/, 1],
  ["agent list", /^barn +online/m],
  ["agent list -json", /"id": "barn"/],
  ["agent config -machine barn", /"hub": "ws:\/\/hub"/],
  ["agent set -machine barn {}", /^Changed the configuration of barn\n$/],
  ["agent logs -machine barn", /^a line\n$/],
  ["agent restart -machine barn", /^barn: restarting\n$/],
  ["agent logs -machine shed", /^Error: HTTP 404: no machine "shed"/, 1],
  ["hub status", /^ {2}latest version: {2}unavailable \(this hub does not update itself/m],
  ["hub status -json", /"channel": "dev"/],
  ["hub channel sources", /^No sources configured\.\n$/],
  ["hub channel set stable", /: channel set to stable\n {2}manifest: https:.*\/stable\.json\n$/],
  ["hub channel sources set lab https://lab.example/", / lab comes from https:\/\/lab\.example\n$/],
  ["hub channel sources list", /^lab +https:\/\/lab\.example$/m],
  ["hub channel sources remove lab", /: source of lab removed\n$/],
  ["hub channel sources remove lab", /^Error: HTTP 404: no source "lab"/, 1],
  ["hub update", /^Error: HTTP 501: this hub does not update itself/, 1],
  ["hub logs -n 1", /^line 1200\n$/],
  ["hub restart", /^Error: HTTP 501: this hub cannot restart itself/, 1],
  ["portals list", /^No portals configured\.\n$/],
  ["portals list -json", /"portals": \[\]/],
  ["portals add work -portal-url https://p.example", /^Error: HTTP 502: cannot register/, 1],
  ["portals rm work", /^Error: HTTP 404: no portal "work"/, 1],
];

Deno.test("every command of tela admin does its work at our hub (client 17, 18)", async () => {
  using ours = new OursWithOurs();
  for (const [line, says, code = 0] of OURS) {
    const ran = await ours.admin(line);
    assert.equal(ran.code, code, `${line}: ${ran.err}`);
    assert.match(code === 0 ? ran.out : ran.err, says, line);
    if (code !== 0) assert.equal(ran.out, "", line);
  }
});
