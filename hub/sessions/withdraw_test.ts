import assert from "node:assert/strict";
import { SwitchboardRig } from "../testing/mod.ts";

Deno.test("withdraw() ends a session for good at both ends, and no other", async () => {
  const rig = new SwitchboardRig();
  const control = rig.agent();
  const { client, joined } = rig.pair(control);
  const other = rig.pair(control);
  const waiting = rig.client();
  const reason = "token revoked";
  rig.switchboard.withdraw(({ index }) => index === 1 || index === 3 ? reason : undefined);
  await rig.settle();
  const message = `Access denied: ${reason}`;
  for (const refused of [client, waiting]) {
    assert.deepEqual(refused.takeMessages(), [{ type: "error", message }]);
    assert.deepEqual(refused.closings, [`close 1008 ${message}`]);
  }
  assert.deepEqual(joined.takeMessages(), [{ type: "session-end", final: true }]);
  assert.deepEqual(joined.closings, ["closeNow 1000 session ended"]);
  assert.deepEqual([other.client.closings, other.joined.closings], [[], []]);
  assert.equal(rig.switchboard.sessionCount(rig.registry.byName("barn")!), 1);
});
