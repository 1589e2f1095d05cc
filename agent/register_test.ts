import assert from "node:assert/strict";
import { encodeControl } from "../core/control/mod.ts";
import { FAKE_IDENTITY, fakeMachine } from "./_fakes.ts";
import { isRefusal, mergeUpdate, registerMessage } from "./register.ts";

const IDS = {
  agentId: "a",
  machineRegistrationId: "m",
  agentVersion: "1.2.3",
  identity: FAKE_IDENTITY,
};

Deno.test("registerMessage() has every field of a full machine (agent 11)", () => {
  const machine = fakeMachine({
    displayName: "Barn box",
    location: "garage",
    owner: "me",
    tags: ["lab"],
  });
  assert.deepEqual(JSON.parse(encodeControl(registerMessage(machine, IDS))), {
    type: "register",
    protocolVersion: 1,
    machineName: "barn",
    agentId: "a",
    machineRegistrationId: "m",
    agentVersion: "1.2.3",
    displayName: "Barn box",
    hostname: "box",
    os: "linux",
    tags: ["lab"],
    location: "garage",
    owner: "me",
    token: "secret-token",
    ports: [22, 80],
    services: [{ port: 22, proto: "tcp" }, { port: 80, proto: "tcp" }],
    capabilities: { management: true, identity: FAKE_IDENTITY.fingerprint },
  });
});

Deno.test("registerMessage() leaves empty fields out (agent 11)", () => {
  const fields = Object.keys(
    JSON.parse(encodeControl(registerMessage(fakeMachine({ token: "" }), IDS))),
  );
  for (const absent of ["displayName", "location", "owner", "tags", "token"]) {
    assert.ok(!fields.includes(absent), absent);
  }
});

Deno.test("mergeUpdate() fills an empty channel and missing sources only (agent 14, wire 45)", () => {
  const suggested = { channel: "stable", sources: { stable: "theirs", dev: "theirs", none: "" } };
  assert.deepEqual(mergeUpdate({}, suggested), {
    channel: "stable",
    sources: { stable: "theirs", dev: "theirs" },
  });
  assert.deepEqual(mergeUpdate({ channel: "beta", sources: { stable: "own" } }, suggested), {
    channel: "beta",
    sources: { stable: "own", dev: "theirs" },
  });
  assert.deepEqual(mergeUpdate({}, {}), { channel: undefined, sources: {} });
});

Deno.test("isRefusal() knows the two texts in any case, within others (agent 16)", () => {
  for (const text of ["Access denied", "ACCESS DENIED", "x: invalid Token!"]) {
    assert.equal(isRefusal(text), true);
  }
  for (const text of ["", "denied", "Machine not found", "token invalid"]) {
    assert.equal(isRefusal(text), false);
  }
});
