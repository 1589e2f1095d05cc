import assert from "node:assert/strict";
import { ConfigError } from "../../core/config/mod.ts";
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

Deno.test("PATCH update follows a channel and keeps where it comes from (hub 57)", () =>
  withHub(async (hub) => {
    const patch = (body?: unknown) => hub.ask("PATCH /api/admin/update", { ...OWNER, body });
    const set = await patch({ channel: " Lab ", manifestBase: "https://lab.example/c/lab.json" });
    const manifestUrl = "https://lab.example/c/lab.json";
    assert.deepEqual([set.status, set.body], [200, { ok: true, channel: "lab", manifestUrl }]);
    assert.deepEqual(hub.update, { channel: "lab", sources: { lab: "https://lab.example/c" } });
    assert.equal((await patch({ manifestBase: "https://other.example//" })).status, 200);
    assert.deepEqual(hub.update.sources, { lab: "https://other.example" });
    const before = hub.update;
    for (const body of [undefined, "", {}, { channel: null, manifestBase: null }]) {
      const { status, body: answer } = await patch(body);
      assert.deepEqual([status, answer.channel], [200, "lab"]);
    }
    assert.equal(hub.update, before);
    assert.deepEqual(hub.sockets.audited.map(({ event, detail }) => [event, detail]), [
      [
        "admin-change",
        "release channel lab, release channel lab comes from https://lab.example/c",
      ],
      ["admin-change", "release channel lab comes from https://other.example"],
    ]);
  }));

Deno.test("POST update to the version that runs says so, to another that it cannot (hub 58)", () =>
  withHub(async (hub) => {
    const post = (body?: unknown) => hub.ask("POST /api/admin/update", { ...OWNER, body });
    for (const version of ["0", "v0"]) {
      const { status, body } = await post({ version });
      assert.deepEqual([status, body], [200, { ok: true, message: "already running 0" }]);
    }
    for (const body of [undefined, "null", {}, { version: "latest" }, { version: "v9.9.9" }]) {
      const { status, body: answer } = await post(body);
      assert.equal(status, 501);
      assert.match(answer.error, /does not update itself/);
    }
    assert.deepEqual(hub.sockets.audited, []);
  }));

Deno.test("PUT and DELETE sources keep and forget where a channel comes from (hub 59)", () =>
  withHub(async (hub) => {
    const path = "/api/admin/update/sources";
    const body = { base: "https://lab.example/c/lab.json" };
    const put = await hub.ask(`PUT ${path}/LAB`, { ...OWNER, body });
    const base = "https://lab.example/c";
    assert.deepEqual([put.status, put.body], [200, { ok: true, name: "lab", base }]);
    const removed = await hub.ask(`DELETE ${path}/lab`, OWNER);
    assert.deepEqual([removed.status, removed.body], [200, { ok: true, name: "lab" }]);
    assert.equal((await hub.ask(`DELETE ${path}/lab`, OWNER)).status, 404);
    assert.equal((await hub.ask(`DELETE ${path}/constructor`, OWNER)).status, 404);
    assert.equal((await hub.ask(`DELETE ${path}/`, OWNER)).status, 400);
  }));

const BAD: [request: string, body: unknown][] = [
  ["PATCH /api/admin/update", { channel: "bad name" }],
  ["PATCH /api/admin/update", { channel: "../x" }],
  ["PATCH /api/admin/update", { channel: 5 }],
  ["PATCH /api/admin/update", { manifestBase: "ftp://x" }],
  ["PATCH /api/admin/update", { manifestBase: 5 }],
  ["PATCH /api/admin/update", "["],
  ["PUT /api/admin/update/sources/bad%20name", { base: "https://x.example" }],
  ["PUT /api/admin/update/sources/", { base: "https://x.example" }],
  ["PUT /api/admin/update/sources/lab", {}],
  ["PUT /api/admin/update/sources/lab", { base: "lab.example" }],
  ["PUT /api/admin/update/sources/lab", ""],
];

for (const [request, body] of BAD) {
  Deno.test(`${request} of ${JSON.stringify(body)} is 400 and changes nothing (hub 57, 59)`, () =>
    withHub(async (hub) => {
      const before = hub.update;
      const answer = await hub.ask(request, { ...OWNER, body });
      assert.equal(answer.status, 400);
      assert.notEqual(answer.body.error, "");
      assert.equal(hub.update, before);
    }));
}

Deno.test("a change of updates that cannot be written is 500; sources are bounded (hub 57, 59)", () =>
  withHub(async (hub) => {
    const put = (name: string) => {
      const body = { base: "https://x.example" };
      return hub.ask(`PUT /api/admin/update/sources/${name}`, { ...OWNER, body });
    };
    hub.writeError = new ConfigError("Cannot write hub.yaml: no space left on device");
    assert.equal((await put("lab")).status, 500);
    hub.writeError = undefined;
    for (let i = 0; i < 64; i++) assert.equal((await put(`c${i}`)).status, 200);
    assert.equal((await put("one-more")).status, 400);
    assert.equal((await put("c1")).status, 200);
  }));

/** What belongs to self-update and to serving releases, and how a hub without them answers. */
const NOT_HERE: [request: string, status: number][] = [
  ["POST /api/admin/update", 501],
  ["PUT /api/admin/channels/files/dev/telad-linux-amd64", 409],
  ["PUT /api/admin/channels/files/dev/..%2f..%2fetc%2fpasswd", 409],
  ["POST /api/admin/channels/publish", 409],
  ["GET /api/admin/channels/publish", 405],
  ["DELETE /api/admin/update", 405],
];

for (const [request, status] of NOT_HERE) {
  Deno.test(`${request} is ${status}, with the reason (hub 58, 66, 68)`, () =>
    withHub(async (hub) => {
      const answer = await hub.ask(request, OWNER);
      assert.equal(answer.status, status);
      assert.notEqual(answer.body.error, "");
      const isMethodFirst = request.includes("/channels/") && status === 405;
      const denied = await hub.ask(request, { token: "alice-token" });
      assert.equal(denied.status, isMethodFirst ? 405 : 403);
    }));
}
