import assert from "node:assert/strict";
import { ManualClock } from "../core/clock/mod.ts";
import type { ControlMessage } from "../core/control/mod.ts";
import { FakeSocket } from "./_fakes.ts";
import { requestSession, SessionError } from "./session.ts";

const PEER_KEY = "ab".repeat(32);
const READY: ControlMessage = { type: "ready", sessionIdx: 7 };
const WG_PUBKEY: ControlMessage = { type: "wg-pubkey", wgPubKey: PEER_KEY, ports: [22, 80] };

const keys = { privateKey: new Uint8Array(32), publicKey: new Uint8Array(32).fill(0xcd) };

function request(socket: FakeSocket, overrides: Record<string, unknown> = {}) {
  const clock = new ManualClock();
  const controller = new AbortController();
  const granted = requestSession(socket, {
    machine: "barn",
    token: "s3cret",
    ports: [],
    keys,
    features: ["resume"],
    clock,
    signal: controller.signal,
    ...overrides,
  });
  return { granted, clock, abort: () => controller.abort(new Error("interrupted")) };
}

Deno.test("requestSession() sends what a hub expects (client 36, wire 46)", async () => {
  const socket = new FakeSocket([READY, WG_PUBKEY]);
  await request(socket).granted;
  socket.messages.push(READY, WG_PUBKEY);
  await request(socket, { token: "", ports: [22, 5432] }).granted;
  const common = {
    type: "connect",
    protocolVersion: 1,
    machineId: "barn",
    wgPubKey: "cd".repeat(32),
  };
  assert.deepEqual(socket.sent, [
    { ...common, token: "s3cret" },
    { ...common, ports: [22, 5432] },
  ]);
});

Deno.test("requestSession() takes ready and wg-pubkey in either order, others between (client 37, wire 47)", async () => {
  const others: ControlMessage[] = [
    { type: "udp-offer", token: "00".repeat(8), port: 41820 },
    { type: "keepalive" },
  ];
  const expected = {
    sessionIdx: 7,
    peerPublicKey: new Uint8Array(32).fill(0xab),
    ports: [22, 80],
  };
  for (const order of [[READY, ...others, WG_PUBKEY], [WG_PUBKEY, ...others, READY]]) {
    const { granted, clock } = request(new FakeSocket(order));
    assert.deepEqual(await granted, expected);
    assert.equal(clock.nextTimerMs(), Infinity);
  }
});

Deno.test("requestSession() clamps the session index and tolerates absent ports (client 39)", async () => {
  for (const [index, clamped] of [[0, 1], [-5, 1], [1, 1], [254, 254], [300, 254]] as const) {
    const key: ControlMessage = { type: "wg-pubkey", wgPubKey: PEER_KEY.toUpperCase() };
    const socket = new FakeSocket([{ type: "ready", sessionIdx: index }, key]);
    const grant = await request(socket).granted;
    assert.equal(grant.sessionIdx, clamped);
    assert.deepEqual(grant.ports, []);
  }
});

Deno.test("requestSession() fails and closes when the peer's key is malformed (client 38)", async () => {
  const malformed = ["", "ab", "ab".repeat(31), "ab".repeat(33), "zz".repeat(32)];
  for (const wgPubKey of [...malformed, `${"ab".repeat(31)}a\n`, ` ${"ab".repeat(32)}`]) {
    const socket = new FakeSocket([READY, { type: "wg-pubkey", wgPubKey }]);
    await assert.rejects(request(socket).granted, { code: "bad-peer-key" }, wgPubKey);
    assert.ok(socket.closedByUs);
  }
});

Deno.test("requestSession() tells refusals apart, and never shows the token (client 48)", async () => {
  const table: [string, string, RegExp][] = [
    ["Invalid token", "invalid-token", /^Invalid token for machine "barn": check /],
    [
      "Access denied",
      "access-denied",
      /^Access denied to machine "barn": check the token and /,
    ],
    ["Machine not found", "not-found", /^Machine "barn" not found: its agent is offline, or /],
    ["Bridge unavailable", "refused", /^Hub refused the session: Bridge unavailable$/],
  ];
  for (const [message, code, text] of table) {
    const socket = new FakeSocket([{ type: "error", message }]);
    const error = await request(socket).granted.catch((e) => e);
    assert.ok(error instanceof SessionError);
    assert.equal(error.name, "SessionError");
    assert.equal(error.code, code);
    assert.match(error.message, text);
    assert.ok(!error.message.includes("s3cret"));
    assert.ok(socket.closedByUs);
  }
});

Deno.test("requestSession() gives the hub's reason when the socket closes early", async () => {
  const socket = new FakeSocket([READY], { code: 1001, reason: "agent did not join session" });
  await assert.rejects(request(socket).granted, {
    code: "closed",
    message: "Hub closed the connection before the session was up: agent did not join session",
  });
  const silent = new FakeSocket([], { code: 1006, reason: "" });
  await assert.rejects(request(silent).granted, { message: /: code 1006$/ });
});

Deno.test("requestSession() gives up after 45 s, or when aborted", async () => {
  const slow = new FakeSocket([READY]);
  const waiting = request(slow);
  waiting.clock.advance(45_000);
  await assert.rejects(waiting.granted, { code: "timed-out" });
  const socket = new FakeSocket([]);
  const aborted = request(socket);
  aborted.abort();
  await assert.rejects(aborted.granted, { message: "interrupted" });
  assert.ok(socket.closedByUs);
  assert.equal(aborted.clock.nextTimerMs(), Infinity);
});

Deno.test("requestSession() waits for a hello that is announced, in any order, and answers it", async () => {
  const capabilities = { management: true, identity: "SHA256:x" };
  const announced: ControlMessage = { ...WG_PUBKEY, capabilities } as ControlMessage;
  const hello: ControlMessage = { type: "peer-hello", version: 1, features: ["resume"] };
  for (const order of [[READY, announced, hello], [hello, announced, READY]]) {
    const socket = new FakeSocket(order);
    assert.deepEqual((await request(socket).granted).hello, hello);
    assert.deepEqual(socket.sent.at(-1), { ...hello });
  }
  const silent = new FakeSocket([READY, announced]);
  const { granted, clock } = request(silent);
  clock.advance(45_000);
  await assert.rejects(granted, { code: "timed-out" });
});

Deno.test("requestSession() says nothing that a reference agent does not know", async () => {
  const socket = new FakeSocket([READY, WG_PUBKEY]);
  assert.equal((await request(socket).granted).hello, undefined);
  assert.equal(socket.sent.length, 1);
});
