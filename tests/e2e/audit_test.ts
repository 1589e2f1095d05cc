import assert from "node:assert/strict";
import { systemClock } from "../../core/clock/mod.ts";
import { createLog } from "../../core/log/mod.ts";
import { AuditReader, AuditStore } from "../../hub/audit/mod.ts";
import { Fabric, fetchLocal, Process, programTest, run, until } from "../rig/mod.ts";

const WRITER = new URL("./audit_writer.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** Asks a hub with its owner's token. */
async function ask(
  fabric: Fabric,
  { path, method = "GET" }: { path: string; method?: string },
): Promise<Response> {
  const headers = { authorization: `Bearer ${fabric.token}` };
  return await fetchLocal(`http://127.0.0.1:${fabric.hubPort}${path}`, { method, headers });
}

/** Sends requests that are records each, many at a time, until the hub is gone; gives their count. */
async function flood(fabric: Fabric, onAnswer: (count: number) => void): Promise<number> {
  let answered = 0;
  let isGone = false;
  const ask1 = async () => {
    while (!isGone) {
      try {
        const response = await ask(fabric, { path: "/api/status", method: "POST" });
        await response.body?.cancel();
        onAnswer(++answered);
      } catch {
        isGone = true; // killed, as the test wants it
      }
    }
  };
  await Promise.all(Array.from({ length: 20 }, ask1));
  return answered;
}

Deno.test(
  "a hub that is killed while it records leaves a chain that verifies, and goes on with it",
  async () => {
    await using fabric = await Fabric.create();
    let recorded = 0;
    for (const killAfter of [1, 150, 400]) {
      await fabric.startHub();
      const answered = await flood(fabric, (count) => {
        if (count === killAfter) fabric.hub.signal("SIGKILL");
      });
      assert.ok(answered >= killAfter);
      await fabric.hub.ended;
      await fabric.startHub();
      const verified = await (await ask(fabric, { path: "/api/admin/audit/verify" })).json();
      assert.equal(verified.ok, true, JSON.stringify(verified));
      assert.ok(verified.records > recorded, "what came before is still there");
      recorded = verified.records;
      await fabric.hub.kill();
    }
    assert.ok(recorded > 300, `${recorded} records`);
  },
);

Deno.test("no change that was told to be recorded is missing after SIGKILL", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/audit.db`;
    const args = ["run", "--no-prompt", `--config=${CONFIG}`];
    const rights = [`--allow-read=${dir}`, `--allow-write=${dir}`];
    await using writer = new Process({
      name: "writer",
      command: Deno.execPath(),
      args: [...args, ...rights, WRITER, path],
      cwd: dir,
    });
    await writer.waitForLine(/^granted 200$/);
    await writer.kill();
    const told = Number(/granted (\d+)\n$/.exec(writer.stdout)![1]);
    const log = createLog({
      component: "audit",
      clock: systemClock,
      write: (line) => assert.fail(line),
    });
    const limits = { maxAgeMs: 0, maxBytes: 0 };
    const store = new AuditStore({ path, limits, clock: systemClock, log });
    const reader = new AuditReader(store, systemClock);
    assert.equal((await reader.verify()).fault, undefined);
    const granted = new Set<string>();
    for await (const portion of reader.all({ events: ["grant"] })) {
      for (const { machine } of portion) granted.add(machine);
    }
    store.close();
    for (let count = 1; count <= told; count++) assert.ok(granted.has(`m${count}`), `m${count}`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/** Mounting takes root; elsewhere the test of `hub/audit` with a file that says it is full stands. */
const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;

const FULL_DISK = "a hub whose disk is full goes on, says so, and records again when there is room";

if (!isRoot) {
  Deno.test({ name: `${FULL_DISK} (skipped: not root)`, ignore: true, fn() {} });
} else {
  programTest({
    name: FULL_DISK,
    needs: ["mount", "umount"],
    fn: async ({ mount, umount }) => {
      await using fabric = await Fabric.create();
      const disk = `${fabric.directory}/disk`;
      await Deno.mkdir(disk);
      await Deno.mkdir(fabric.home("hub"));
      await Deno.writeTextFile(
        `${fabric.home("hub")}/telahubd.yaml`,
        `audit: { file: ${disk}/audit.db }\n`,
      );
      await run({ command: mount, args: ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk] });
      try {
        await fabric.startHub();
        await fillUp(`${disk}/filler`);
        await until(async () => {
          await (await ask(fabric, { path: "/api/status", method: "POST" })).body?.cancel();
          return /auditDegraded: full/.test(await (await ask(fabric, { path: "/healthz" })).text());
        }, { what: "a hub that says that its disk is full" });
        await fabric.hub.waitForLine(/\[audit\] DEGRADED: cannot write .*make room on the disk/);
        assert.equal((await ask(fabric, { path: "/api/status" }).then(discard)).status, 200);
        const page = await (await ask(fabric, { path: "/api/admin/audit?limit=1" })).json();
        assert.equal(page.records.length, 1, "what is there can still be read");
        assert.equal(page.auditDegraded.fault, "full");
        await Deno.remove(`${disk}/filler`);
        await fabric.hub.waitForLine(/\[audit\] well again: .*0 are lost/, { deadlineMs: 60_000 });
        const verified = await (await ask(fabric, { path: "/api/admin/audit/verify" })).json();
        assert.equal(verified.ok, true, JSON.stringify(verified));
        await fabric.hub.stop();
      } finally {
        await fabric.hub.kill();
        await run({ command: umount, args: [disk] });
      }
    },
  });
}

async function discard(response: Response): Promise<Response> {
  await response.body?.cancel();
  return response;
}

/** Writes a file until there is no room for more. */
async function fillUp(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const block = new Uint8Array(4096);
  for (;;) {
    try {
      await file.write(block);
    } catch (error) {
      // "No space left on device" has no class of its own.
      if (error instanceof Error && /os error 28/.test(error.message)) return;
      throw error;
    }
  }
}
