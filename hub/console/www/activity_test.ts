import assert from "node:assert/strict";
import { activityRows, isActivityShown } from "./activity.js";

const event = (name: string, detail?: string, timestamp = "2026-08-01T09:12:03Z") => ({
  machineId: "barn",
  event: name,
  timestamp,
  ...(detail !== undefined && { detail }),
});

Deno.test("activityRows() says every event of the hub for people, and others as they are", () => {
  const table: [string, string | undefined, string][] = [
    ["agent-register", "ports=[22 3389]", "Agent registered / ports 22, 3389"],
    ["agent-register", "ports=[]", "Agent registered / "],
    ["agent-disconnect", "agent disconnected", "Agent gone / "],
    ["client-connect", "services=SSH:22,RDP:3389", "Session opened / SSH:22, RDP:3389"],
    ["client-disconnect", "services=SSH:22", "Session closed / SSH:22"],
    ["client-disconnect", undefined, "Session closed / "],
    ["agent-session-disconnect", "agent-session disconnected", "Session ended by agent / "],
    ["client-connect-bridge", "via=h session=0a", "Bridged session opened / via=h session=0a"],
    ["client-disconnect-bridge", undefined, "Bridged session closed / "],
    ["something-new", "x=1", "something-new / x=1"],
  ];
  for (const [name, detail, expected] of table) {
    const [row] = activityRows([event(name, detail)]);
    assert.equal(`${row?.label} / ${row?.detail}`, expected);
  }
});

Deno.test("activityRows() keeps the key of an event when newer ones come, alike or not", () => {
  const old = [event("client-connect"), event("client-connect"), event("agent-register")];
  const before = activityRows(old).map(({ key }) => key);
  assert.equal(new Set(before).size, 3);
  const later = event("client-connect", undefined, "2026-08-01T09:12:04Z");
  const after = activityRows([later, event("client-connect"), ...old]).map(({ key }) => key);
  assert.deepEqual(after.slice(2), before);
  assert.equal(new Set(after).size, 5);
});

Deno.test("isActivityShown() looks at machine, event and detail", () => {
  const [row] = activityRows([event("client-connect", "services=SSH:22")]);
  for (const query of ["", "barn", "opened barn", "ssh"]) assert.ok(isActivityShown(row!, query));
  assert.ok(!isActivityShown(row!, "store"));
});
