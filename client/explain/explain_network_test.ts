import assert from "node:assert/strict";
import { ManualClock, sleep } from "../../core/clock/mod.ts";
import { makeEndpoint } from "../../core/endpoint/mod.ts";
import { ClosedPort } from "../../core/stream/testing/mod.ts";
import { makeCertificate } from "./_certificate.ts";
import { FakeHub, MACHINES } from "./_fake_hub.ts";
import { LIMITS_MS } from "./limit.ts";
import type { HttpAnswer } from "./probes.ts";
import type { NamedServer } from "./target.ts";
import {
  explainRig,
  fakeUdp,
  granted,
  RELAY_TOKEN,
  type RigOptions,
  type RigResult,
  SEEN,
} from "./_rig.ts";

const DAY_MS = 86_400_000;
const now = Date.now();
const valid = { fromMs: now - DAY_MS, toMs: now + DAY_MS };
const authority = makeCertificate({ commonName: "Test Authority", ...valid });
const hosts = ["hub.test"];

function systemError(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

const hang = () => new Promise<never>(() => {});

function verdictOf(result: RigResult): string {
  assert.equal(result.code, result.report.verdict === "ok" ? 0 : 1);
  assert.equal(result.clock.nextTimerMs(), Infinity, "no timer is left");
  return result.report.verdict;
}

Deno.test("tela explain tells what is wrong with a certificate, and shows issuer and pin", async () => {
  const issuer = authority;
  const middlebox = makeCertificate({ commonName: "Zscaler Root CA", ...valid });
  const table: [string, ReturnType<typeof makeCertificate>, RegExp][] = [
    [
      "ok",
      makeCertificate({ commonName: "hub", hosts, issuer, ...valid }),
      /issued by Test Authority/,
    ],
    [
      "tls-name-mismatch",
      makeCertificate({ commonName: "other", hosts: ["other.test"], issuer, ...valid }),
      /is for other\.test; issued by Test Authority/,
    ],
    [
      "tls-expired",
      makeCertificate({
        commonName: "hub",
        hosts,
        issuer,
        fromMs: now - 9 * DAY_MS,
        toMs: now - DAY_MS,
      }),
      /expired on \d{4}-\d\d-\d\d/,
    ],
    [
      "tls-not-yet-valid",
      makeCertificate({
        commonName: "hub",
        hosts,
        issuer,
        fromMs: now + DAY_MS,
        toMs: now + 9 * DAY_MS,
      }),
      /valid from/,
    ],
    ["tls-untrusted", makeCertificate({ commonName: "hub", hosts, ...valid }), /self-signed/],
    [
      "tls-intercepted",
      makeCertificate({ commonName: "hub", hosts, issuer: middlebox, ...valid }),
      /issued by Zscaler Root CA/,
    ],
  ];
  for (const [verdict, tls, text] of table) {
    await using hub = new FakeHub({ tls });
    const line = `-hub wss://hub.test:${hub.port}`;
    const result = await explainRig({ line, ca: authority.certificate });
    const tlsFinding = result.finding("tls");
    assert.equal(verdictOf(result), verdict, JSON.stringify(result.report));
    assert.match(tlsFinding.text, text);
    assert.match(tlsFinding.text, /sha256:[0-9a-f]{64}/);
  }
});

Deno.test("tela explain says that a port does not speak TLS, or not HTTP, or hangs up", async () => {
  await using hub = new FakeHub();
  const plain = await explainRig({ line: `-hub wss://127.0.0.1:${hub.port}` });
  assert.equal(verdictOf(plain), "tls-failed");
  assert.match(plain.report.text, /does not speak TLS/);
  for (
    const [greeting, verdict] of [["SSH-2.0-x\r\n", "not-a-hub"], ["", "connection-cut"]] as const
  ) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      for await (const conn of listener) {
        if (greeting !== "") await conn.write(new TextEncoder().encode(greeting));
        // The TCP check may have left already.
        await conn.read(new Uint8Array(1000)).catch(() => {});
        conn.close();
      }
    })();
    const result = await explainRig({ line: `-hub ws://127.0.0.1:${listener.addr.port}` });
    assert.equal(verdictOf(result), verdict, result.report.text);
    listener.close();
    await serving;
  }
});

Deno.test("tela explain tells why there is no connection", async () => {
  using closed = await ClosedPort.take();
  const refused = await explainRig({ line: `-hub ws://127.0.0.1:${closed.port}` });
  assert.equal(verdictOf(refused), "tcp-refused");
  const fail = (code: string) => () => Promise.reject(systemError(code));
  const table: [string, RigOptions["probes"], Record<string, string>?][] = [
    ["dns-failed", { resolve: fail("ENOTFOUND") }],
    ["dns-failed", { resolve: fail("EAI_AGAIN") }],
    ["dns-failed", { resolve: hang }],
    ["dns-failed", { resolve: () => Promise.resolve([]) }],
    ["tcp-refused", { connectTcp: fail("ECONNREFUSED") }],
    ["tcp-timeout", { connectTcp: fail("ETIMEDOUT") }],
    ["tcp-timeout", { connectTcp: hang }],
    ["tcp-failed", { connectTcp: fail("ENETUNREACH") }],
    ["proxy-required", { connectTcp: hang }, { HTTP_PROXY: "http://proxy:3128" }],
    ["proxy-required", { connectTcp: hang }, { all_proxy: "http://proxy:3128" }],
    ["tcp-timeout", { connectTcp: hang }, { HTTP_PROXY: "http://proxy", NO_PROXY: ".test" }],
    ["tcp-timeout", { connectTcp: hang }, { HTTPS_PROXY: "http://proxy" }],
    [
      "no-answer",
      {
        connectTcp: () => Promise.resolve({ localAddress: "192.0.2.5" }),
        get: hang,
        upgrade: hang,
      },
    ],
  ];
  for (const [verdict, probes, env] of table) {
    const line = "-hub ws://hub.test";
    const result = await explainRig({ line, probes: probes!, hurry: true, ...(env && { env }) });
    assert.equal(verdictOf(result), verdict, JSON.stringify(result.report));
    assert.ok(result.passedMs < 15_000);
  }
});

Deno.test("tela explain notes a proxy, and takes one address of several that answers", async () => {
  await using hub = new FakeHub();
  const result = await explainRig({
    line: `-hub ws://hub.test:${hub.port}`,
    env: { HTTP_PROXY: "http://user:s3cret@proxy:3128" },
    probes: { resolve: () => Promise.resolve(["127.0.0.99", "127.0.0.1"]) },
  });
  assert.equal(result.finding("proxy").code, "proxy-set");
  assert.match(result.finding("tcp").text, /^127\.0\.0\.1 .*; not all addresses answer$/);
  assert.ok(!JSON.stringify(result.report).includes("s3cret"));
});

/** What a hub answers. */
function answerOf(url: string, runtime = "deno 2.9"): HttpAnswer {
  const documents: Record<string, unknown> = {
    "/.well-known/tela": { protocolVersion: "1.1" },
    "/api/status": { machines: MACHINES, hub: { goVersion: runtime } },
  };
  const body = JSON.stringify(documents[new URL(url).pathname]);
  return { status: 200, headers: {}, body };
}

/** A run where all but UDP is well. */
function udpRun(options: Partial<RigOptions>, runtime?: string): Promise<RigResult> {
  return explainRig({
    hurry: true,
    ...options,
    line: `-hub ws://192.0.2.1 ${options.line ?? ""}`.trim(),
    probes: {
      resolve: (host) => Promise.resolve([host === "stun.test" ? "198.51.100.1" : "2001:db8::1"]),
      connectTcp: () => Promise.resolve({ localAddress: "10.0.0.2" }),
      upgrade: () => Promise.resolve({ status: 101, headers: {}, accepted: true }),
      get: ({ url }) => Promise.resolve(answerOf(url, runtime)),
      ...options.probes,
    },
  });
}

const hubUdp = "192.0.2.1:41820";
const own = makeEndpoint("10.0.0.2", 40_001)!;
const other = makeEndpoint("203.0.113.9", 40_002)!;

Deno.test("tela explain tells what UDP does", async () => {
  const cases: {
    what: string;
    network: Parameters<typeof fakeUdp>[0];
    line?: string;
    runtime?: string;
    verdict?: string;
    codes: [udp: string, nat: string, mtu: string];
  }[] = [
    { what: "one server", network: () => SEEN, codes: ["ok", "nat-unknown", "ok"] },
    { what: "no NAT", network: () => own, codes: ["ok", "ok", "ok"] },
    {
      what: "cone NAT",
      network: () => SEEN,
      line: "-stun stun.test",
      codes: ["ok", "ok", "ok"],
    },
    {
      what: "symmetric NAT",
      network: ({ text }) => text === hubUdp ? SEEN : other,
      line: "-stun stun.test:3478",
      codes: ["ok", "nat-symmetric", "ok"],
    },
    {
      what: "blocked, hub of ours",
      network: () => undefined,
      verdict: "udp-blocked",
      codes: ["udp-blocked", "skipped", "skipped"],
    },
    {
      what: "blocked, two servers",
      network: () => undefined,
      line: "-stun stun.test",
      runtime: "go1.25",
      verdict: "udp-blocked",
      codes: ["udp-blocked", "skipped", "skipped"],
    },
    {
      what: "hub of the reference",
      network: () => undefined,
      runtime: "go1.25",
      codes: ["udp-unknown", "skipped", "skipped"],
    },
    {
      what: "only the hub's port blocked",
      network: ({ text }) => text === hubUdp ? undefined : SEEN,
      line: "-stun stun.test",
      codes: ["udp-hub-silent", "nat-unknown", "ok"],
    },
    {
      what: "UDP elsewhere",
      network: ({ text }) => text === "198.51.100.1:5000" ? SEEN : undefined,
      line: "-udp stun.test:5000",
      codes: ["ok", "nat-unknown", "ok"],
    },
    {
      what: "small MTU",
      network: (_to, lenBytes) => lenBytes > 1232 ? undefined : SEEN,
      codes: ["ok", "nat-unknown", "mtu-low"],
    },
    {
      what: "no padding answered",
      network: (_to, lenBytes) => lenBytes > 20 ? undefined : SEEN,
      codes: ["ok", "nat-unknown", "mtu-unknown"],
    },
    {
      what: "no IPv4",
      network: () => SEEN,
      line: "-udp six.test",
      codes: ["skipped", "skipped", "skipped"],
    },
  ];
  for (const { what, network, line, runtime, verdict = "ok", codes } of cases) {
    const options = { ...(line && { line }), probes: { openUdp: fakeUdp(network) } };
    const result = await udpRun(options, runtime);
    const found = ["udp", "nat", "mtu"].map((check) => result.finding(check).code);
    assert.deepEqual([what, ...found], [what, ...codes]);
    assert.equal(verdictOf(result), verdict, what);
    assert.ok(result.passedMs < 15_000);
  }
});

Deno.test("tela explain asks for UDP where the hub offers it with a session, or not at all", async () => {
  const asked = new Set<string>();
  const openUdp = fakeUdp(({ text }) => {
    asked.add(text);
    return SEEN;
  });
  const run = (udp: NamedServer | null, line = "-machine barn") =>
    udpRun({ line, probes: { openUdp }, session: () => Promise.resolve(granted(udp)) });
  assert.equal((await run({ host: "", port: 5000 })).finding("udp").code, "ok");
  assert.equal((await run({ host: "stun.test", port: 5001 })).finding("udp").code, "ok");
  assert.equal((await run({ host: "", port: 1 }, "-machine barn -udp 192.0.2.9:7")).code, 0);
  assert.deepEqual([...asked], ["192.0.2.1:5000", "198.51.100.1:5001", "192.0.2.9:7"]);
  asked.clear();
  const none = await run(null);
  assert.equal(verdictOf(none), "ok");
  assert.equal(none.finding("udp").code, "udp-not-offered");
  assert.equal(asked.size, 0);
});

Deno.test("tela explain asks the relay of the session, which a reference hub has too", async () => {
  let ended = 0;
  const run = (network: Parameters<typeof fakeUdp>[0]) =>
    udpRun({
      line: "-machine barn",
      probes: { openUdp: fakeUdp(network) },
      session: () => Promise.resolve(granted({ host: "", port: 5000 }, () => ended++)),
    }, "go1.25");
  const isProbe = (lenBytes: number) => lenBytes === RELAY_TOKEN.length + 5;
  const works = await run((_to, lenBytes) => isProbe(lenBytes) ? SEEN : undefined);
  assert.equal(verdictOf(works), "ok");
  assert.equal(works.finding("udp").text, "the hub's relay answers at 192.0.2.1:5000");
  assert.equal(works.finding("nat").state, "skipped");
  let questions = 0;
  const blocked = await run((_to, lenBytes) => void (questions += isProbe(lenBytes) ? 1 : 0));
  assert.equal(verdictOf(blocked), "udp-blocked");
  assert.ok(questions >= 3, "a lost question is asked again");
  assert.equal(ended, 2);
});

Deno.test("tela explain ends within 15 s however long each step takes", async () => {
  const udp = { host: "stun.test", port: 1 };
  const endings = [[0.8, "udp-blocked"], [0.99, "ok"]] as const;
  for (const [share, verdict] of endings) {
    let clock = new ManualClock();
    const slowly = <T>(limitMs: number, result: () => T) =>
      sleep(clock, share * limitMs).then(result);
    const result = await explainRig({
      line: "-hub ws://hub.test -machine barn",
      hurry: true,
      onClock: (made) => clock = made,
      probes: {
        resolve: () => slowly(LIMITS_MS.dns, () => ["192.0.2.1"]),
        connectTcp: () => slowly(LIMITS_MS.tcp, () => ({ localAddress: "10.0.0.2" })),
        upgrade: () => slowly(LIMITS_MS.http, () => ({ status: 101, headers: {}, accepted: true })),
        get: ({ url }) => slowly(LIMITS_MS.http, () => answerOf(url)),
        openUdp: fakeUdp(() => undefined),
      },
      session: () => slowly(LIMITS_MS.session, () => granted(udp)),
    });
    assert.equal(verdictOf(result), verdict, JSON.stringify(result.report));
    assert.ok(result.passedMs > 8000 && result.passedMs < 15_000, `${result.passedMs}`);
    if (verdict === "ok") assert.equal(result.finding("udp").text, "no time was left");
  }
});

Deno.test("tela explain takes no answer to UDP of anyone but the server asked", async () => {
  const liar = makeEndpoint("192.0.2.66", 41_820)!;
  const spoof: NonNullable<RigOptions["probes"]>["openUdp"] = (onDatagram) =>
    fakeUdp(() => SEEN)((bytes) => onDatagram(bytes, liar));
  const result = await udpRun({ probes: { openUdp: spoof } });
  assert.equal(verdictOf(result), "udp-blocked");
});
