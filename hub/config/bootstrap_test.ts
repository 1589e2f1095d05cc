import assert from "node:assert/strict";
import { join } from "node:path";
import { bootstrap, CONSOLE_VIEWER } from "./bootstrap.ts";
import { HubConfigFile } from "./hub_config_file.ts";

const HEX_64 = /^[0-9a-f]{64}$/;
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function counting(): (out: Uint8Array<ArrayBuffer>) => void {
  let next = 0;
  return (out) => out.forEach((_, i) => out[i] = next++ * 7);
}

function options(ownerToken?: string) {
  return { random: counting(), ownerToken, effective: { port: 8080, udpPort: 0 } };
}

async function opened(text?: string): Promise<HubConfigFile> {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "hub.yaml");
  if (text !== undefined) await Deno.writeTextFile(path, text);
  const file = await HubConfigFile.open(path);
  await Deno.remove(dir, { recursive: true });
  return file;
}

Deno.test("bootstrap() makes owner, viewer, grant and hub id at the first start (hub 70)", async () => {
  const file = await opened();
  const { changed, newOwnerToken } = bootstrap(file, options());
  assert.equal(changed, true);
  const { auth, hubId, port, udpPort, wwwDir } = file.config;
  assert.match(hubId, UUID_V4);
  assert.deepEqual({ port, udpPort, wwwDir }, { port: 8080, udpPort: 41820, wwwDir: "./www" });
  const [owner, viewer] = auth.tokens;
  assert.equal(auth.tokens.length, 2);
  assert.equal(owner!.token, newOwnerToken);
  assert.match(newOwnerToken!, HEX_64);
  assert.match(viewer!.token, HEX_64);
  assert.notEqual(viewer!.token, owner!.token);
  assert.deepEqual([owner!.id, owner!.role, owner!.issuedAtMs], ["owner", "owner", undefined]);
  assert.deepEqual([viewer!.id, viewer!.role], [CONSOLE_VIEWER, "viewer"]);
  assert.deepEqual(
    auth.machines.get("*")!.connect,
    [{ token: newOwnerToken!, services: [] }],
  );
  assert.deepEqual(bootstrap(file, options()), {
    changed: false,
    newOwnerToken: undefined,
    renamed: [],
  });
});

Deno.test("bootstrap() takes a given owner token only while there are none (hub 71)", async () => {
  const file = await opened("auth:\n  tokens:\n  machines:\n");
  assert.deepEqual(bootstrap(file, options("mine")), {
    changed: true,
    newOwnerToken: undefined,
    renamed: [],
  });
  assert.equal(file.config.auth.tokens[0]!.token, "mine");
  assert.equal(file.config.wwwDir, "", "a file of the operator's gets nothing that it lacks");
  assert.equal(bootstrap(file, options("other")).changed, false);
  assert.equal(file.config.auth.tokens[0]!.token, "mine");
});

Deno.test("bootstrap() adds a missing viewer and id to a file with tokens", async () => {
  const file = await opened("auth: {tokens: [{id: a, token: t}]}\n");
  assert.deepEqual(bootstrap(file, options("x")), {
    changed: true,
    newOwnerToken: undefined,
    renamed: [],
  });
  const { auth, hubId } = file.config;
  assert.deepEqual(auth.tokens.map(({ id, role }) => [id, role]), [
    ["a", "user"],
    [CONSOLE_VIEWER, "viewer"],
  ]);
  assert.equal(auth.machines.size, 0);
  assert.match(hubId, UUID_V4);
});

Deno.test("bootstrap() leaves a revoked console viewer revoked", async () => {
  const file = await opened(
    "hubId: h\n" +
      "auth: {tokens: [{id: console-viewer, token: t, hubRole: viewer, revokedAt: 2026-01-01T00:00:00Z}]}",
  );
  assert.equal(bootstrap(file, options()).changed, false);
});

Deno.test("bootstrap() does not take a person who is a viewer for the console's identity", async () => {
  const file = await opened("hubId: h\nauth: {tokens: [{id: v, token: t, hubRole: viewer}]}");
  assert.equal(bootstrap(file, options()).changed, true);
  assert.deepEqual(file.config.auth.tokens.map(({ id }) => id), ["v", CONSOLE_VIEWER]);
});

Deno.test("bootstrap() gives each identity an id of its own, so that each can be revoked", async () => {
  const tokens = ["a", "b", "a", "", "unnamed", "b", "a-2"].map((id, at) => ({
    id,
    token: `t${at}`,
  }));
  const viewer = { id: CONSOLE_VIEWER, token: "v", hubRole: "viewer" };
  const file = await opened(
    JSON.stringify({ hubId: "h", auth: { tokens: [...tokens, viewer] } }),
  );
  const { changed, renamed } = bootstrap(file, options());
  assert.equal(changed, true);
  const after = file.config.auth.tokens.map(({ id, token }) => `${token} ${id}`);
  assert.deepEqual(after, [
    "t0 a",
    "t1 b",
    "t2 a-3",
    "t3 unnamed-2",
    "t4 unnamed",
    "t5 b-2",
    "t6 a-2",
    `v ${CONSOLE_VIEWER}`,
  ]);
  assert.deepEqual(renamed.map(({ from, to }) => [from, to]), [
    ["a", "a-3"],
    ["", "unnamed-2"],
    ["b", "b-2"],
  ]);
  assert.equal(bootstrap(file, options()).changed, false);
});
