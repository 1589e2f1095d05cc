import assert from "node:assert/strict";
import { CHECKS } from "./finding.ts";
import { FakeHub, type FakeHubOptions } from "./_fake_hub.ts";
import { explainRig, type RigOptions, type RigResult } from "./_rig.ts";

/** Runs against a fake hub at `hub.test`, which is this machine. */
async function atHub(hub: FakeHubOptions, options: Partial<RigOptions> = {}): Promise<RigResult> {
  await using fake = new FakeHub(hub);
  const scheme = hub.tls === undefined ? "ws" : "wss";
  const line = `-hub ${scheme}://hub.test:${fake.port} ${options.line ?? ""}`.trim();
  return await explainRig({ ...options, line });
}

/** The verdict names the fault, the exit code is 1, and every check is accounted for. */
function assertVerdict(result: RigResult, [check, code]: readonly [string, string]): void {
  assert.equal(result.report.verdict, code, JSON.stringify(result.report, null, 2));
  assert.equal(result.code, 1);
  assert.equal(result.err, `Error: found a fault: ${code}\n`);
  const { state, text, next } = result.finding(check);
  assert.equal(state, "fault");
  assert.deepEqual([text, next], [result.report.text, result.report.next]);
  assert.ok(next !== "", "it says what to do");
  assert.deepEqual(result.report.findings.map((found) => found.check), [...CHECKS]);
  assert.equal(result.clock.nextTimerMs(), Infinity, "no timer is left");
}

function page(status: number, headers: Record<string, string> = {}): FakeHubOptions {
  const body = status === 304 ? null : "<html>";
  const all = { "content-type": "text/html", ...headers };
  return { answer: () => new Response(body, { status, headers: all }) };
}

Deno.test("tela explain finds nothing where nothing is wrong", async () => {
  const result = await atHub({ token: "good" }, { line: "-machine barn -token good" });
  assert.equal(result.code, 0);
  assert.equal(result.err, "");
  assert.equal(result.report.verdict, "ok");
  const states = result.report.findings.map(({ check, state }) => `${check} ${state}`);
  const notes = states.filter((state) => !state.endsWith(" ok"));
  assert.deepEqual(notes, ["nat note"]);
  assert.match(result.finding("machine").text, /^"barn" is online with SSH$/);
  assert.match(result.finding("mtu").text, / 1500 bytes$/);
});

Deno.test("tela explain tells what answers in the hub's place", async () => {
  const table: [string, FakeHubOptions, readonly [string, string], RegExp][] = [
    ["web server", page(200, { server: "nginx" }), ["hub", "not-a-hub"], /a web page \(nginx\)/],
    ["wrong path", page(404), ["hub", "not-a-hub"], /a web page/],
    ["other service", { answer: () => Response.json({}) }, ["hub", "not-a-hub"], /HTTP 200/],
    ["login page", page(302, { location: "http://login.test/" }), [
      "hub",
      "captive-portal",
    ], /login\.test/],
    ["network login", page(511), ["hub", "captive-portal"], /HTTP 511/],
    ["proxy login", page(407), ["hub", "captive-portal"], /HTTP 407/],
    ["moved", page(301, { location: "https://hub.test/" }), ["hub", "redirected"], /https:\/\/hub/],
    ["nowhere", page(302), ["hub", "redirected"], /nowhere/],
    ["proxy, hub down", page(502, { server: "Caddy" }), ["hub", "bad-gateway"], /502 \(Caddy\)/],
  ];
  for (const [what, hub, verdict, text] of table) {
    const result = await atHub(hub);
    assertVerdict(result, verdict);
    assert.match(result.report.text, text, what);
    for (const check of ["clock", "token", "machine", "session"]) {
      assert.equal(result.finding(check).state, "skipped", what);
    }
  }
});

Deno.test("tela explain shows the token to nobody but a hub", async () => {
  const seen: (string | null)[] = [];
  const answer = (_path: string, { headers }: Request) => {
    seen.push(headers.get("authorization"));
    return new Response("", { status: 404 });
  };
  assertVerdict(await atHub({ answer }, { line: "-token t" }), ["hub", "not-a-hub"]);
  assert.deepEqual(seen, [null, null]);
});

Deno.test("tela explain tells what keeps a WebSocket from opening", async () => {
  const only = (status: number): FakeHubOptions => ({
    answer: (_path, { headers }) =>
      headers.has("upgrade") ? new Response("", { status, headers: { server: "p" } }) : undefined,
  });
  const table: [FakeHubOptions, string][] = [
    [only(200), "not-websocket"],
    [only(400), "not-websocket"],
    [only(404), "not-websocket"],
    [only(426), "not-websocket"],
    [only(403), "websocket-forbidden"],
    [only(401), "websocket-forbidden"],
    [only(504), "bad-gateway"],
  ];
  for (const [hub, code] of table) {
    const result = await atHub(hub, { line: "-machine barn" });
    assertVerdict(result, ["websocket", code]);
    assert.match(result.report.text, /\(p\)/);
    assert.equal(result.finding("hub").state, "ok");
    assert.equal(result.finding("session").state, "skipped");
  }
});

Deno.test("tela explain notes a hub whose other addresses a proxy keeps back", async () => {
  const hub: FakeHubOptions = {
    answer: (_path, { headers }) =>
      headers.has("upgrade") ? undefined : new Response("", { status: 404 }),
  };
  const result = await atHub(hub);
  assert.equal(result.finding("hub").state, "note");
  assertVerdict(result, ["token", "not-a-hub"]);
});

Deno.test("tela explain compares the clocks", async () => {
  for (
    const [aheadMs, text] of [[600_000, "600 s ahead of"], [-600_000, "600 s behind"]] as const
  ) {
    const result = await atHub({}, { aheadMs });
    assertVerdict(result, ["clock", "clock-skew"]);
    const seconds = Number(/(\d+) s/.exec(result.report.text)?.[1]);
    assert.ok(Math.abs(seconds - 600) <= 5, result.report.text);
    assert.ok(result.report.text.includes(text.slice(6)), result.report.text);
  }
  assert.equal((await atHub({}, { aheadMs: 60_000 })).code, 0);
});

Deno.test("tela explain tells what is wrong with token, machine or session", async () => {
  const denied = { state: "denied", message: "Access denied to machine" } as const;
  const failed = { state: "failed", message: "Too many sessions" } as const;
  const never = () => new Promise<never>(() => {});
  const table: [string, readonly [string, string], RegExp, RigOptions["session"]?][] = [
    ["", ["token", "token-missing"], /none is given/],
    ["-token bad", ["token", "token-refused"], /expired, revoked/],
    ["-token t -machine bern", ["machine", "machine-unknown"], /there is "barn"/],
    [
      "-token t -machine cellar",
      ["machine", "machine-unknown"],
      /no machine "cellar" to this token$/,
    ],
    ["-token t -machine attic", ["machine", "machine-offline"], /last seen 2026-08-01T09:00:00Z/],
    [
      "-token t -machine barn",
      ["session", "access-denied"],
      /Access/,
      () => Promise.resolve(denied),
    ],
    [
      "-token t -machine barn",
      ["session", "session-refused"],
      /Too/,
      () => Promise.resolve(failed),
    ],
  ];
  for (const [line, verdict, text, session] of table) {
    const result = await atHub({ token: "t" }, { line, ...(session && { session }) });
    assertVerdict(result, verdict);
    assert.match(result.report.text, text);
    assert.ok(!JSON.stringify(result.report).includes('"bad"'));
  }
  const silent = await explainRig({
    line: "-hub ws://hub.test -machine barn",
    session: never,
    hurry: true,
    probes: {
      connectTcp: () => Promise.resolve({ localAddress: "192.0.2.5" }),
      upgrade: () => Promise.resolve({ status: 101, headers: {}, accepted: true }),
      get: ({ url }) => {
        const machine = { id: "barn", agentConnected: true, services: [] };
        const document = url.endsWith("/api/status")
          ? { machines: [machine] }
          : { protocolVersion: "1.1" };
        return Promise.resolve({ status: 200, headers: {}, body: JSON.stringify(document) });
      },
    },
  });
  assertVerdict(silent, ["session", "agent-silent"]);
});

Deno.test("tela explain refuses a wrong command line before it looks at anything", async () => {
  for (
    const line of [
      "",
      "-hub ftp://h",
      "-hub ws://h -stun a:b:c",
      "-hub ws://h -stun a/b",
      "-hub ws://h -stun a,b,c,d,e",
      "-hub ws://h -udp :5",
      "-hub ws://h -udp h:0",
    ]
  ) {
    const probes = { resolve: () => Promise.reject(new Error("asked")) };
    const { code, err } = await explainRig({ line, probes });
    assert.equal(code, 2, `${line}: ${err}`);
  }
});
