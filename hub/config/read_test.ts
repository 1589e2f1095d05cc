import assert from "node:assert/strict";
import { parseYaml, readConfig } from "./read.ts";

const read = (text: string) => readConfig(parseYaml(text, "/etc/hub.yaml"));

Deno.test("readConfig() gives defaults where the file is silent", () => {
  for (const text of ["", "{}", "# nothing", "port: 0\nudpPort:\nshutdownTimeout: -1s\n"]) {
    const config = read(text);
    assert.equal(config.port, 80);
    assert.equal(config.udpPort, 41820);
    assert.equal(config.shutdownTimeoutMs, 30_000);
    assert.deepEqual(config.auth, { tokens: [], machines: new Map() });
    assert.deepEqual(config.update, { channel: "", sources: {} });
  }
});

Deno.test("readConfig() reads every key and ignores unknown ones (hub 74)", () => {
  const config = read(`
hubId: h-1
name: lab
port: 8080
udpPort: 9000
udpHost: udp.example
wwwDir: ./www
shutdownTimeout: 1m30s
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
      wwwDir: "./www",
      shutdownTimeoutMs: 90_000,
      auth: undefined,
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

Deno.test("readConfig() follows anchors and aliases", () => {
  const config = read("name: &n lab\nudpHost: *n\n");
  assert.equal(config.udpHost, "lab");
});

const BAD: [text: string, line: number, problem: RegExp][] = [
  ["name: a\nauth: [1\nport: 2\n", 3, /not valid YAML/],
  ["name: a\nname: b\n", 2, /not valid YAML, DUPLICATE_KEY/],
  ["- a\n", 1, /the file must be a mapping/],
  ["name: a\nport: many\n", 2, /port must be a whole number from 0 to 65535/],
  ["port: 65536\n", 1, /port must be a whole number/],
  ["port: 80.5\n", 1, /port must be a whole number/],
  ["shutdownTimeout: soon\n", 1, /shutdownTimeout must be a duration/],
  ["name: [a]\n", 1, /name must be a text/],
  ["auth: none\n", 1, /auth must be a mapping/],
  ["auth:\n  tokens: {a: b}\n", 2, /auth\.tokens must be a list/],
  ["auth:\n  tokens:\n    - s3cret\n", 3, /auth\.tokens\[0\] must be a mapping/],
  ["auth:\n  tokens:\n    - {id: a}\n", 3, /auth\.tokens\[0\]\.token must not be empty/],
  ["auth:\n  tokens:\n    - {token: s3cret, expiresAt: 1}\n", 3, /expiresAt must be a time/],
  [
    "auth:\n  machines:\n    barn:\n      connectTokens: s3cret\n",
    4,
    /connectTokens must be a list/,
  ],
  ["auth:\n  machines:\n    barn:\n      manageTokens: [[s3cret]]\n", 4, /must be a text/],
];

for (const [text, line, problem] of BAD) {
  Deno.test(`readConfig() refuses ${JSON.stringify(text)} naming line ${line} (hub 72)`, () => {
    assert.throws(() => read(text), (error: Error & { line: number; path: string }) => {
      assert.equal(error.name, "ConfigError");
      assert.equal(error.line, line);
      assert.ok(error.message.includes(`: /etc/hub.yaml:${line}: `), error.message);
      assert.match(error.message, problem);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  });
}
