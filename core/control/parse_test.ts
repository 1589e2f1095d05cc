import assert from "node:assert/strict";
import fc from "fast-check";
import type { ControlMessage } from "./messages.ts";
import { encodeControl, parseControl } from "./parse.ts";

const KEY = "6330dc28ece519134aa0e40043f923289f711ba5e9cb359988571e81f3d73629";

const MESSAGES: ControlMessage[] = [
  {
    type: "register",
    agentId: "e22175e9-48c4-4a9b-9fca-3ec390819795",
    machineName: "barn",
    protocolVersion: 1,
    machineRegistrationId: "9e6a2440-17a2-4aed-891d-f4267b1fe970",
    token: "t",
    ports: [22, 0, 65535],
    services: [{ port: 22, proto: "tcp", name: "SSH", description: "shell" }, { port: 80 }],
    displayName: "Barn box",
    hostname: "vm",
    os: "linux",
    agentVersion: "dev",
    location: "garage",
    owner: "ann",
    tags: ["lab", "demo"],
    capabilities: { management: true, shares: [{ name: "files" }] },
  },
  {
    type: "registered",
    machineId: "barn",
    defaultUpdate: { channel: "stable", sources: { stable: "https://x/" } },
  },
  { type: "connect", machineId: "barn", wgPubKey: KEY, token: "t", protocolVersion: 1, ports: [1] },
  { type: "session-request", sessionId: "2e03c435924e72ee", sessionIdx: 1, wgPubKey: KEY },
  {
    type: "session-request",
    sessionId: "2e03c435924e72ee",
    sessionIdx: 1,
    wgPubKey: KEY,
    allowedPorts: [22],
  },
  { type: "session-join", machineId: "barn", sessionId: "2e03c435924e72ee" },
  { type: "session-start", wgPubKey: KEY },
  { type: "ready", sessionIdx: 254 },
  { type: "udp-offer", token: "7e18ce4e8c1be47c", port: 41820, host: "h.example" },
  { type: "wg-pubkey", wgPubKey: KEY, ports: [5300], capabilities: {} },
  { type: "peer-endpoint", message: "203.0.113.9:40001" },
  { type: "peer-candidates", candidates: ["192.0.2.7:40001", "[2001:db8::7]:40001"] },
  {
    type: "peer-hello",
    version: 1,
    features: ["resume"],
    identity: KEY,
    signature: KEY + KEY,
  },
  { type: "peer-leave" },
  { type: "session-end" },
  { type: "session-end", final: true },
  { type: "session-end", final: true, wgPubKey: "ab" },
  { type: "error", message: "Machine not found" },
  { type: "keepalive" },
  { type: "mgmt-request", requestId: "cb287770fa5d1e2b", action: "logs", payload: { lines: 50 } },
  { type: "mgmt-response", requestId: "cb287770fa5d1e2b", ok: false, message: "unknown action: x" },
];

for (const message of MESSAGES) {
  Deno.test(`parseControl() reads back what encodeControl() wrote of ${message.type}`, () => {
    assert.deepEqual(parseControl(encodeControl(message)), message);
    assert.deepEqual(parseControl(encodeControl(message) + "\n"), message);
  });

  Deno.test(`parseControl() finds every truncation of ${message.type} to be no JSON`, () => {
    const text = encodeControl(message);
    for (let length = 0; length < text.length; length++) {
      assert.deepEqual(parseControl(text.slice(0, length)), {
        type: "invalid",
        reason: "not-json",
      });
    }
  });
}

Deno.test("parseControl() matches field names in any letter case and ignores unknown ones", () => {
  assert.deepEqual(
    parseControl(`{"TYPE":"Ready","type":"ready","sessionidx":3,"SESSIONIDX":4,"extra":[{}]}`),
    { type: "ready", sessionIdx: 4 },
  );
});

Deno.test("parseControl() takes defaultUpdate capitalised, lower-case and with nulls (wire 45)", () => {
  const registered = (update: string) =>
    parseControl(`{"type":"registered","machineId":"m","defaultUpdate":${update}}`);
  const expected = (defaultUpdate: object | undefined) => ({
    type: "registered",
    machineId: "m",
    ...(defaultUpdate && { defaultUpdate }),
  });
  assert.deepEqual(
    registered(`{"Channel":"dev","Sources":{"a":"https://a/"}}`),
    expected({ channel: "dev", sources: { a: "https://a/" } }),
  );
  assert.deepEqual(registered(`{"Channel":"dev","Sources":null}`), expected({ channel: "dev" }));
  assert.deepEqual(
    registered(`{"channel":"","sources":{}}`),
    expected({ channel: "", sources: {} }),
  );
  assert.deepEqual(registered(`null`), expected(undefined));
});

Deno.test("parseControl() takes absent required texts for empty and null for absent", () => {
  assert.deepEqual(parseControl(`{"type":"register"}`), {
    type: "register",
    agentId: "",
    machineName: "",
  });
  assert.deepEqual(parseControl(`{"type":"connect","machineId":null,"ports":null,"token":null}`), {
    type: "connect",
    machineId: "",
  });
  assert.deepEqual(parseControl(`{"type":"register","ports":[null,22]}`), {
    type: "register",
    agentId: "",
    machineName: "",
    ports: [0, 22],
  });
});

const INVALID: [json: string, reason: string][] = [
  ["", "not-json"],
  ["hello", "not-json"],
  ["null", "not-object"],
  ["[]", "not-object"],
  [`"register"`, "not-object"],
  ["3", "not-object"],
  ["{}", "no-type"],
  [`{"type":""}`, "no-type"],
  [`{"type":1}`, "no-type"],
  [`{"type":null}`, "no-type"],
  [`{"type":"invalid","reason":"not-json","x":`, "not-json"],
  [`{"type":"register","agentId":1}`, "ill-typed"],
  [`{"type":"register","ports":"22"}`, "ill-typed"],
  [`{"type":"register","ports":["22"]}`, "ill-typed"],
  [`{"type":"register","ports":[22.5]}`, "ill-typed"],
  [`{"type":"register","ports":[65536]}`, "ill-typed"],
  [`{"type":"register","ports":[-1]}`, "ill-typed"],
  [`{"type":"register","tags":"lab"}`, "ill-typed"],
  [`{"type":"register","tags":[1]}`, "ill-typed"],
  [`{"type":"register","services":[{"port":"22"}]}`, "ill-typed"],
  [`{"type":"register","services":{}}`, "ill-typed"],
  [`{"type":"register","capabilities":[]}`, "ill-typed"],
  [`{"type":"register","protocolVersion":"1"}`, "ill-typed"],
  [`{"type":"connect","wgPubKey":{}}`, "ill-typed"],
  [`{"type":"ready","sessionIdx":1.5}`, "ill-typed"],
  [`{"type":"registered","defaultUpdate":{"Sources":{"a":1}}}`, "ill-typed"],
  [`{"type":"mgmt-response","ok":"yes"}`, "ill-typed"],
];

for (const [json, reason] of INVALID) {
  Deno.test(`parseControl() calls ${json || "an empty text"} ${reason}`, () => {
    assert.deepEqual(parseControl(json), { type: "invalid", reason });
  });
}

Deno.test("parseControl() names a type that it does not know, and none from Object (wire 19)", () => {
  for (const name of ["x-custom", "unknown", "invalid", "toString", "__proto__"]) {
    assert.deepEqual(parseControl(JSON.stringify({ type: name })), { type: "unknown", name });
  }
});

Deno.test("parseControl() never throws, whatever a peer sends", () => {
  const seeds = MESSAGES.map(encodeControl);
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.string(), (which, at, junk) => {
      const seed = seeds[which % seeds.length]!;
      const cut = at % seed.length;
      parseControl(seed.slice(0, cut) + junk + seed.slice(cut + junk.length));
    }),
    { numRuns: 3000, seed: 20261121 },
  );
  fc.assert(fc.property(fc.json(), (json) => void parseControl(json)), { seed: 20261121 });
});
