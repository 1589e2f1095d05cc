import assert from "node:assert/strict";
import { freePort } from "../../core/stream/testing/mod.ts";
import { HubProcess, inTemporaryFolder, RawClient } from "../testing/mod.ts";

const ON_UNIX = { ignore: Deno.build.os === "windows" };
const OWNER = "owner-token-of-this-test";

async function ask(port: number, request: string): Promise<{ status: number; body: string }> {
  const [method, path] = request.split(" ");
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: method!,
    headers: { authorization: `Bearer ${OWNER}` },
  });
  return { status: response.status, body: await response.text() };
}

Deno.test(
  "POST restart answers, says goodbye and comes back on its port with the new configuration (hub 1.6)",
  ON_UNIX,
  () =>
    inTemporaryFolder(async (dir) => {
      const path = `${dir}/data/telahubd.yaml`;
      const env = { TELA_OWNER_TOKEN: OWNER, TELAHUBD_UDP: "off" };
      const hub = await HubProcess.start(dir, { args: ["-port", "0"], env });
      const port = await hub.port();
      const agent = await RawClient.upgrade(port);
      await agent.send(0x81, { type: "register", agentId: "a", machineName: "barn", token: OWNER });
      await agent.nextMessage();
      const { body: made } = await ask(port, "POST /api/admin/pair-code");
      assert.ok(made !== undefined);

      const yaml = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, `${yaml}shutdownTimeout: soon\n`);
      const refused = await ask(port, "POST /api/admin/restart");
      assert.equal(refused.status, 409);
      assert.match(JSON.parse(refused.body).error, /cannot restart: .*shutdownTimeout.*line \d+/);

      await Deno.writeTextFile(path, `${yaml}name: renamed\n`);
      const begun = await ask(port, "POST /api/admin/restart");
      assert.deepEqual([begun.status, JSON.parse(begun.body)], [
        200,
        { ok: true, message: "restarting" },
      ]);
      assert.equal(await agent.nextClose(), "1001 hub shutting down");
      agent.close();
      await hub.logged(new RegExp(`restarting[^]*listening on http://0.0.0.0:${port}\n`));
      const status = JSON.parse((await ask(port, "GET /api/status")).body);
      assert.equal(status.hubName, "renamed");
      assert.deepEqual(status.machines, []);
      const control = JSON.parse(await Deno.readTextFile(`${dir}/.tela/run/telahubd.json`));
      assert.deepEqual([control.port, control.name], [port, "renamed"]);
      const verified = await ask(port, "GET /api/admin/audit/verify");
      assert.equal(JSON.parse(verified.body).ok, true);
      const { body: lines } = await ask(port, "GET /api/admin/logs?lines=1000");
      assert.match(lines, /restarting/, "the log of before is there");

      assert.equal((await ask(port, "POST /api/admin/restart")).status, 200);
      await hub.logged(/(?:restarting[^]*listening on [^]*){2}/);
      hub.signal("SIGTERM");
      assert.equal((await hub.ended()).code, 0, hub.log);
    }),
);

Deno.test(
  "a restart with a port that is taken goes on with the one before",
  ON_UNIX,
  () =>
    inTemporaryFolder(async (dir) => {
      using taken = Deno.listen({ hostname: "0.0.0.0", port: 0 });
      const env = { TELA_OWNER_TOKEN: OWNER, TELAHUBD_UDP: "off" };
      const bootstrapped = await HubProcess.start(dir, { args: ["-port", "0"], env });
      await bootstrapped.port();
      const port = freePort();
      bootstrapped.signal("SIGTERM");
      await bootstrapped.ended();
      const path = `${dir}/data/telahubd.yaml`;
      const yaml = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, `${yaml}port: ${port}\n`);
      const hub = await HubProcess.start(dir, { args: [], env: { TELAHUBD_UDP: "off" } });
      assert.equal(await hub.port(), port);
      await Deno.writeTextFile(path, `${yaml}port: ${taken.addr.port}\n`);
      assert.equal((await ask(port, "POST /api/admin/restart")).status, 200);
      await hub.logged(/in use.*; going on with port/);
      await hub.logged(new RegExp(`going on[^]*listening on http://0.0.0.0:${port}\n`));
      assert.equal((await ask(port, "GET /api/status")).status, 200);
      hub.signal("SIGTERM");
      assert.equal((await hub.ended()).code, 0, hub.log);
    }),
);
