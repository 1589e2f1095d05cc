import assert from "node:assert/strict";
import { tunnelStatus } from "./_fixtures.ts";
import { diffStatus } from "./status_diff.ts";

const place = { index: 0, hub: "ws://h", machine: "barn" };
const nowWallMs = Date.UTC(2026, 7, 1, 10);
const later = Date.UTC(2026, 7, 1, 9, 30);
const up = tunnelStatus();
const waiting = tunnelStatus({ state: "waiting", sinceWallMs: later });
const unpinned = tunnelStatus({ peer: { kind: "unknown", verified: "unverified" } });

Deno.test("diffStatus() tells each kind of change of a tunnel, with its time", () => {
  const at = "2026-08-01T09:30:00.000Z";
  const table: [
    string,
    Parameters<typeof diffStatus>[0]["before"],
    typeof up | undefined,
    string[],
  ][] = [
    ["nothing", up, up, []],
    ["no tunnel", undefined, undefined, []],
    ["only measurements", up, { ...up, sentBytes: 9, heardAgoMs: 4000 }, []],
    ["first tunnel", undefined, up, ["tunnel_up", "path_changed", "peer_verified"]],
    ["first, not verified", undefined, unpinned, ["tunnel_up", "path_changed"]],
    ["path", up, { ...up, path: "direct", pathSinceWallMs: later }, [`path_changed ${at}`]],
    ["path and back", up, { ...up, pathSinceWallMs: later }, [`path_changed ${at}`]],
    ["wait", up, waiting, [`tunnel_waiting ${at}`]],
    ["wait and back", up, { ...up, sinceWallMs: later }, [`tunnel_up ${at}`]],
    ["resumed", waiting, { ...up, sinceWallMs: later, resumes: 1 }, [
      `tunnel_resumed ${at}`,
      `tunnel_up ${at}`,
    ]],
    ["verified", unpinned, up, ["peer_verified 2026-08-01T10:00:00.000Z"]],
    ["no longer verified", up, unpinned, []],
    ["ended", up, { ...up, state: "ended", sinceWallMs: later }, [`tunnel_ended ${at}`]],
    ["gone", waiting, undefined, ["tunnel_ended 2026-08-01T10:00:00.000Z"]],
    ["ended, then gone", { ...up, state: "ended" }, undefined, []],
  ];
  for (const [what, before, after, expected] of table) {
    const events = diffStatus({ place, before, after, nowWallMs });
    const told = events.map(({ type, time }, i) =>
      expected[i]?.includes(" ") ? `${type} ${time}` : type
    );
    assert.deepEqual(told, expected, what);
    for (const { hub, machine, status } of events) {
      assert.deepEqual([hub, machine, status], ["ws://h", "barn", after], what);
    }
  }
});
