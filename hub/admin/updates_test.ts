import assert from "node:assert/strict";
import type { RigRequest } from "../testing/mod.ts";
import { withHub } from "./_fixture.ts";

const OWNER: RigRequest = { token: "owner-token" };

Deno.test("GET update tells the channel of the configuration, and why there is no version (hub 57)", () =>
  withHub(async (hub) => {
    const usual = await hub.ask("GET /api/admin/update", OWNER);
    assert.equal(usual.status, 200);
    const { error, ...rest } = usual.body;
    assert.match(error, /does not update itself/);
    assert.deepEqual(rest, {
      channel: "dev",
      manifestUrl: "https://github.com/paulmooreparks/tela/releases/download/channels/dev.json",
      currentVersion: "0",
      latestVersion: "",
      updateAvailable: false,
      sources: {},
    });
    hub.update = { channel: "lab", sources: { lab: "https://lab.example/c" } };
    const { body } = await hub.ask("GET /api/admin/update", OWNER);
    assert.deepEqual([body.channel, body.manifestUrl], ["lab", "https://lab.example/c/lab.json"]);
    assert.deepEqual(body.sources, hub.update.sources);
    for (const channel of ["", "Bad Name", "constructor"]) {
      hub.update = { channel, sources: {} };
      const { body } = await hub.ask("GET /api/admin/update", OWNER);
      assert.equal(body.channel, channel === "constructor" ? channel : "dev");
      assert.equal(body.manifestUrl === "", channel === "constructor");
    }
  }));

Deno.test("GET update/sources lists them, and takes no name (hub 59)", () =>
  withHub(async (hub) => {
    hub.update = { channel: "", sources: { lab: "https://lab.example/" } };
    const { body } = await hub.ask("GET /api/admin/update/sources", OWNER);
    assert.deepEqual(body, { sources: { lab: "https://lab.example/" } });
    assert.equal((await hub.ask("GET /api/admin/update/sources/lab", OWNER)).status, 400);
  }));

/** What belongs to self-update and release channels, and how a hub without them answers. */
const NOT_HERE: [request: string, status: number][] = [
  ["PATCH /api/admin/update", 501],
  ["POST /api/admin/update", 501],
  ["PUT /api/admin/update/sources/lab", 501],
  ["DELETE /api/admin/update/sources/lab", 501],
  ["PUT /api/admin/channels/files/dev/telad-linux-amd64", 409],
  ["PUT /api/admin/channels/files/dev/..%2f..%2fetc%2fpasswd", 409],
  ["POST /api/admin/channels/publish", 409],
  ["GET /api/admin/channels/publish", 405],
  ["DELETE /api/admin/update", 405],
];

for (const [request, status] of NOT_HERE) {
  Deno.test(`${request} is ${status}, with the reason, and changes nothing (hub 57, 58, 59, 66, 68)`, () =>
    withHub(async (hub) => {
      const answer = await hub.ask(request, OWNER);
      assert.equal(answer.status, status);
      assert.notEqual(answer.body.error, "");
      assert.deepEqual(hub.written, []);
      const isMethodFirst = request.includes("/channels/") && status === 405;
      const denied = await hub.ask(request, { token: "alice-token" });
      assert.equal(denied.status, isMethodFirst ? 405 : 403);
    }));
}
