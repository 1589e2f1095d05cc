import assert from "node:assert/strict";
import {
  clientBound,
  dial,
  echo,
  Fabric,
  fetchLocal,
  isGone,
  launchClient,
  MACHINE,
  readExactly,
  startProgram,
  Target,
  writeAll,
} from "../rig/mod.ts";

/** Runs `telahubd user` on the file of the fabric's hub, and gives what it prints. */
async function user(fabric: Fabric, ...args: string[]): Promise<string> {
  const home = fabric.home("hub");
  const config = ["-config", `${home}/telahubd.yaml`];
  await using process = await startProgram("telahubd", {
    home,
    args: ["user", ...args, ...config],
  });
  const { code } = await process.ended;
  assert.equal(code, 0, process.output);
  return process.stdout;
}

function tokenIn(text: string): string {
  return /[0-9a-f]{64}/.exec(text)![0];
}

async function statusWith(fabric: Fabric, token: string): Promise<number> {
  const response = await fetchLocal(`http://127.0.0.1:${fabric.hubPort}/api/status`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await response.body?.cancel();
  return response.status;
}

/** Resolves when a connection has ended, in whatever way. */
async function ended(connection: Deno.Conn): Promise<void> {
  try {
    while (await connection.read(new Uint8Array(64)) !== null);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

Deno.test("an identity made on the hub's machine works at once, and its sessions end with it (hub 47, 82)", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.create();
  await fabric.startHub();
  await fabric.startAgent([target.port]);
  const first = tokenIn(await user(fabric, "add", "alice"));
  assert.equal(await statusWith(fabric, first), 200);
  const token = tokenIn(await user(fabric, "rotate", "alice"));
  assert.deepEqual([await statusWith(fabric, first), await statusWith(fabric, token)], [401, 200]);

  await user(fabric, "grant", "alice", MACHINE);
  const peer = { hubUrl: fabric.hubUrl, token, home: fabric.home("client") };
  await using client = await launchClient(peer, [target.port]);
  const [port] = await clientBound(client, 1);
  using connection = await dial(port!);
  await writeAll(connection, new Uint8Array([1]));
  assert.deepEqual(await readExactly(connection, 1), new Uint8Array([1]));

  await user(fabric, "remove", "alice");
  assert.equal(await statusWith(fabric, token), 401);
  await ended(connection);
  await target.waitForOpen(0);
  await fabric.waitForSessions(0);
  await client.waitForLine(/access denied|denied access/i);
  assert.ok(!fabric.hub.output.includes(token), "a token is in the log");
});

Deno.test("changes by API and on the hub's machine at once are all kept, recorded, and the records are whole", async () => {
  await using fabric = await Fabric.create();
  await fabric.startHub();
  const add = async (id: string) => {
    const response = await fetchLocal(`http://127.0.0.1:${fabric.hubPort}/api/admin/tokens`, {
      method: "POST",
      headers: { authorization: `Bearer ${fabric.token}` },
      body: JSON.stringify({ id }),
    });
    await response.body?.cancel();
    assert.equal(response.status, 201);
  };
  const ids = Array.from({ length: 40 }, (_, i) => `api-${i}`);
  const local = ["local-0", "local-1", "local-2"];
  await Promise.all([...ids.map(add), ...local.map((id) => user(fabric, "add", id))]);
  const listed = JSON.parse(await user(fabric, "list", "-json")).map(({ id }: { id: string }) =>
    id
  );
  assert.deepEqual(listed.sort(), [...ids, ...local, "owner", "console-viewer"].sort());
  for (const id of local) await fabric.hub.waitForLine(new RegExp(`taken over .*"${id}"`));

  const admin = async (...args: string[]) => {
    await using process = await startProgram("tela", {
      home: fabric.home("client"),
      args: ["admin", "audit", ...args],
      env: { TELA_HUB: fabric.hubUrl, TELA_OWNER_TOKEN: fabric.token },
    });
    const { code } = await process.ended;
    assert.equal(code, 0, process.output);
    return process.stdout;
  };
  await Deno.mkdir(fabric.home("client"), { recursive: true });
  assert.match(await admin("verify"), /^records: \d+\nlast: \d+ [0-9a-f]{64}\n$/);
  const exported = (await admin("export")).trimEnd().split("\n").map((line) => JSON.parse(line));
  const details = exported.map(({ event, detail }) => `${event} ${detail}`).join("\n");
  for (const id of ids) assert.match(details, new RegExp(`^identity-create .*"${id}"`, "m"));
  for (const id of local) assert.match(details, new RegExp(`^admin-change .*"${id}"`, "m"));
  assert.match(await admin("list", "-event", "identity-create", "-n", "1"), /^ *ID {2}TIME/);
});
