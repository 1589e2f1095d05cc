import assert from "node:assert/strict";
import { ConfigFile } from "../../core/config/mod.ts";
import { readConfig } from "./read.ts";

const read = (text: string) => readConfig(ConfigFile.parse("/etc/hub.yaml", text).root);

Deno.test("readConfig() gives defaults where the file is silent", () => {
  for (const text of ["", "{}", "# nothing", "port: 0\nudpPort:\nshutdownTimeout: -1s\n"]) {
    const config = read(text);
    assert.equal(config.port, 80);
    assert.equal(config.udpPort, 41820);
    assert.equal(config.shutdownTimeoutMs, 30_000);
    assert.deepEqual(config.auth, { tokens: [], machines: new Map() });
    assert.deepEqual(config.update, { channel: "", sources: {} });
    assert.deepEqual(config.audit, {
      file: "",
      maxAgeMs: 365 * 86_400_000,
      maxBytes: 256 * 1024 * 1024,
    });
    assert.deepEqual(config.metrics, { open: false, token: "" });
  }
});

Deno.test("readConfig() reads every key and ignores unknown ones (hub 74)", () => {
  const config = read(`
hubId: h-1
name: lab
port: 8080
udpPort: 9000
udpHost: udp.example
udp: off
udpRelaySecret: 0123456789abcdef
wwwDir: ./www
shutdownTimeout: 1m30s
audit:
  file: /var/lib/tela/audit.db
  keepDays: 30
  keepMegabytes: 0
metrics:
  open: true
  token: 00m1
x-unknown: {a: [1]}
auth:
  tokens:
    - {id: owner, token: 0123, hubRole: owner}
    - {id: alice, token: 12e5, issuedAt: 2026-07-01T00:00:00Z, expiresAt: "2027-01-01T00:00:00.5Z"}
    - {id: bob, token: t3, hubRole: king, revokedAt: 2026-07-20T12:00:00+02:00}
  machines:
    barn:
      registerToken: t3
      connectTokens: [0123, {token: t3, services: [SSH, 8080]}]
      manageTokens: [t3]
    "*":
update:
  channel: stable
  sources: {stable: "https://x/", beta: }
`);
  assert.deepEqual(
    { ...config, auth: undefined },
    {
      hubId: "h-1",
      name: "lab",
      port: 8080,
      udpPort: 9000,
      udpHost: "udp.example",
      udp: false,
      udpRelaySecret: "0123456789abcdef",
      wwwDir: "./www",
      shutdownTimeoutMs: 90_000,
      auth: undefined,
      audit: { file: "/var/lib/tela/audit.db", maxAgeMs: 30 * 86_400_000, maxBytes: 0 },
      metrics: { open: true, token: "00m1" },
      update: { channel: "stable", sources: { stable: "https://x/" } },
    },
  );
  const time = Date.UTC;
  const none = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };
  assert.deepEqual(config.auth.tokens, [
    { ...none, id: "owner", token: "0123", role: "owner" },
    {
      id: "alice",
      token: "12e5",
      role: "user",
      issuedAtMs: time(2026, 6, 1),
      expiresAtMs: time(2027, 0, 1) + 500,
      revokedAtMs: undefined,
    },
    { ...none, id: "bob", token: "t3", role: "user", revokedAtMs: time(2026, 6, 20, 10) },
  ]);
  assert.deepEqual(
    config.auth.machines,
    new Map([
      ["barn", {
        registerToken: "t3",
        connect: [{ token: "0123", services: [] }, { token: "t3", services: ["SSH", "8080"] }],
        manageTokens: ["t3"],
      }],
      ["*", { registerToken: undefined, connect: [], manageTokens: [] }],
    ]),
  );
});

const BAD: [text: string, problem: RegExp][] = [
  ["name: a\nauth: [1\nport: 2\n", /line 3/],
  ["- a\n", /expected a map, got a list \(line 1\)/],
  ["name: a\nport: many\n", /port: expected an integer from 0 to 65535, .*\(line 2\)/],
  ["shutdownTimeout: soon\n", /shutdownTimeout: expected a duration .*\(line 1\)/],
  ["auth: none\n", /auth: expected a map.*\(line 1\)/],
  ["auth:\n  tokens: {a: b}\n", /auth\.tokens: expected a list.*\(line 2\)/],
  ["auth:\n  tokens:\n    - s3cret\n", /auth\.tokens\[0\]: expected a map.*\(line 3\)/],
  ["auth:\n  tokens:\n    - {id: a}\n", /auth\.tokens\[0\]: expected a token that .*\(line 3\)/],
  ["auth:\n  tokens:\n    - {token: s3cret, expiresAt: 1}\n", /expiresAt: expected a time as/],
  ["auth:\n  tokens:\n    - {token: s3cret, expiresAt: 2027-01-01}\n", /expected a time as/],
  ["auth:\n  machines:\n    barn:\n      connectTokens: s3cret\n", /expected a list.*\(line 4\)/],
  ["auth:\n  machines:\n    barn:\n      connectTokens: [[s3cret]]\n", /expected a map/],
  ["auth:\n  machines:\n    barn:\n      manageTokens: [[s3cret]]\n", /expected text/],
];

for (const [text, problem] of BAD) {
  Deno.test(`readConfig() refuses ${JSON.stringify(text)} naming the place (hub 72)`, () => {
    assert.throws(() => read(text), (error: Error) => {
      assert.equal(error.name, "ConfigError");
      assert.ok(error.message.startsWith("Cannot parse /etc/hub.yaml: "), error.message);
      assert.match(error.message, problem);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  });
}
