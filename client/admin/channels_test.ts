import assert from "node:assert/strict";
import { admin, json } from "./_fixture.ts";

const VERSIONS: [latest: string, updateAvailable: boolean, said: string][] = [
  ["v0.18.0", true, "v0.18.0 (update available)"],
  ["v0.17.0", false, "v0.17.0 (up to date)"],
  ["v0.16.0", false, "v0.16.0 (ahead of channel HEAD)"],
  ["", false, "unavailable (no such host)"],
];

for (const [latestVersion, updateAvailable, said] of VERSIONS) {
  Deno.test(`admin hub status and channel say ${said}`, async () => {
    const answer = {
      channel: "dev",
      manifestUrl: "https://r.example/dev.json",
      currentVersion: "v0.17.0",
      ...{ latestVersion, updateAvailable, error: "no such host" },
    };
    const expected = "ws://hub.example\n  channel:         dev\n" +
      "  manifest:        https://r.example/dev.json\n" +
      `  current version: v0.17.0\n  latest version:  ${said}\n`;
    for (const name of ["status", "channel"]) {
      const at = { "GET /api/admin/update": json(answer) };
      const { code, out } = await admin(["hub", name], at);
      assert.deepEqual([code, out], [0, expected]);
    }
    const at = { "GET /api/admin/update": json(answer) };
    const { out } = await admin(["hub", "channel", "-json"], at);
    assert.deepEqual(JSON.parse(out), answer);
  });
}
