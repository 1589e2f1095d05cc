import assert from "node:assert/strict";
import { Credentials } from "./lookup.ts";
import { CredentialFile, credentialKey } from "./store.ts";

async function inTempDir(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("credentialKey() strips slashes and lowers the scheme only (client 16)", () => {
  const cases: [url: string, key: string][] = [
    ["WSS://Hub/", "wss://Hub"],
    ["wss://Hub", "wss://Hub"],
    ["wss://hub", "wss://hub"],
    ["https://hub:443///", "https://hub:443"],
    ["ws://hub/Path/", "ws://hub/Path"],
    ["Hub/", "Hub"],
    ["", ""],
  ];
  for (const [url, key] of cases) assert.equal(credentialKey(url), key);
});

Deno.test("CredentialFile keeps unknown keys and comments, 0600 in 0700 (client 17)", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/store/credentials.yaml`;
    await Deno.mkdir(`${dir}/store`, { mode: 0o755 });
    const text =
      "# mine\nhubs:\n  WSS://a/:\n    token: old\n    pin: sha256:aa\n    colour: red\n" +
      "update:\n  channel: beta\n";
    await Deno.writeTextFile(path, text, { mode: 0o644 });
    const store = await CredentialFile.open(path);
    assert.deepEqual(store.get("wss://a"), { token: "old", pin: "sha256:aa" });
    store.set("wss://a", { token: "new", identity: "alice" });
    store.set("wss://b/", { token: "0012" });
    await store.save();
    const saved = await Deno.readTextFile(path);
    assert.equal(
      saved,
      "# mine\nhubs:\n  WSS://a/:\n    token: new\n    colour: red\n    identity: alice\n" +
        '  wss://b:\n    token: "0012"\nupdate:\n  channel: beta\n',
    );
    assert.deepEqual((await CredentialFile.open(path)).get("WSS://b"), { token: "0012" });
    if (Deno.build.os === "windows") return;
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.equal((await Deno.stat(`${dir}/store`)).mode! & 0o777, 0o700);
  }));

Deno.test("CredentialFile.remove() forgets every spelling of a hub", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/credentials.yaml`;
    await Deno.writeTextFile(path, "hubs: {'wss://a': {token: x}, 'WSS://a/': {token: y}, b: {}}");
    const store = await CredentialFile.open(path);
    assert.equal(store.remove("wss://a/"), true);
    assert.equal(store.remove("wss://a/"), false);
    assert.deepEqual(store.hubs(), ["b"]);
  }));

Deno.test("CredentialFile.open() refuses a malformed store and shows no secret", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/credentials.yaml`;
    for (const text of ["hubs: [s3cret]", "hubs: {a: s3cret}", "hubs: {a: {token: {s3cret: 1}}}"]) {
      await Deno.writeTextFile(path, text);
      await assert.rejects(CredentialFile.open(path), (error: Error) => {
        assert.equal(error.name, "ConfigError");
        assert.ok(error.message.startsWith(`Cannot parse ${path}: hubs`), error.message);
        assert.ok(!error.message.includes("s3cret"), error.message);
        return true;
      });
    }
  }));

Deno.test("Credentials.find() takes the user's entry unless its token is empty (client 18)", () =>
  inTempDir(async (dir) => {
    const paths = { user: `${dir}/user.yaml`, system: `${dir}/system.yaml` };
    assert.equal((await Credentials.read(paths)).find("ws://a"), undefined);
    await Deno.writeTextFile(
      paths.user,
      "hubs: {'ws://a': {token: ua, identity: me}, 'ws://b': {token: '', pin: 'sha256:bb'}, 'ws://d': {pin: 'sha256:dd'}}",
    );
    await Deno.writeTextFile(
      paths.system,
      "hubs: {'ws://a': {token: sa}, 'ws://b': {token: sb, identity: box}, 'ws://c/': {token: sc}}",
    );
    const credentials = await Credentials.read(paths);
    assert.deepEqual(credentials.find("WS://a/"), { token: "ua", identity: "me" });
    const merged = { token: "sb", identity: "box", pin: "sha256:bb" };
    assert.deepEqual(credentials.find("ws://b"), merged);
    assert.deepEqual(credentials.find("ws://c"), { token: "sc" });
    assert.deepEqual(credentials.find("ws://d"), { token: "", pin: "sha256:dd" });
    assert.deepEqual(credentials.warnings, []);
  }));

Deno.test("Credentials.read() goes on without a system store it may not read, and says so", () =>
  inTempDir(async (dir) => {
    const user = `${dir}/user.yaml`;
    await Deno.writeTextFile(user, "hubs: {'ws://a': {token: ua}}");
    const credentials = await Credentials.read({ user, system: dir });
    assert.equal(credentials.find("ws://a")?.token, "ua");
    assert.equal(credentials.warnings.length, 1);
    assert.ok(credentials.warnings[0]!.startsWith(`Cannot read ${dir}: `));
    await assert.rejects(Credentials.read({ user: dir, system: user }), { code: "unreadable" });
  }));
