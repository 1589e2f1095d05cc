import assert from "node:assert/strict";
import recording from "../../hub/server/testdata/reference_session.json" with { type: "json" };
import { launchAgent, launchClient, MACHINE, newToken, type Process, until } from "../rig/mod.ts";
import { type Message, ReferenceHub, type ReferenceSocket } from "./reference_peer.ts";

/** As recorded; the file that is kept in the tree leaves it out. */
const UDP_OFFER: Message = { port: 41820, token: "7e18ce4e8c1be47c", type: "udp-offer" };

const HEX_KEY = /^[0-9a-f]{64}$/;

/** What hubs refuse with, and what the client makes of it. Spec: wire.md 2.6, client.md 2.4 */
const REFUSALS: readonly [message: string, line: RegExp][] = [
  ["Machine not found", /not found.*next attempt/],
  ["Access denied", /Access denied.*next attempt/],
  ["Invalid token", /invalid token for machine/],
];

/** The recorded message of this type and direction. */
function recorded(dir: "c>h" | "h>c", type: string): Message {
  const found = recording.events.find((event) => event.dir === dir && event.json?.type === type);
  assert.ok(found?.json !== undefined, `${type} is recorded`);
  return found.json as Message;
}

/** The kind of each field, as `string` or `number[]`. */
function shapeOf(message: Message): Record<string, string> {
  const kind = (value: unknown): string =>
    Array.isArray(value) ? `${value.length === 0 ? "" : kind(value[0])}[]` : typeof value;
  return Object.fromEntries(Object.entries(message).map(([name, value]) => [name, kind(value)]));
}

/** Every field of a recorded message that is not the choice of an operator is there, of its kind. */
function checkShape(message: Message, like: Message, chosen: readonly string[] = []): void {
  const expected = Object.entries(shapeOf(like)).filter(([name]) => !chosen.includes(name));
  const shape = shapeOf(message);
  assert.deepEqual(expected.map(([name]) => [name, shape[name]]), expected);
}

/** The first frame is an initiation, as the recorded ones are. */
async function checkInitiation(socket: ReferenceSocket): Promise<void> {
  await until(() => socket.frames.length > 0, { what: "an initiation" });
  const { bin, head = "" } = recording.events.find((event) => event.dir === "c>h" && event.bin)!;
  const [frame] = socket.frames;
  assert.equal(frame!.length, bin);
  assert.equal(frame!.toHex().slice(0, 6), head.slice(0, 6));
  assert.equal(frame!.toHex().slice(14, 22), head.slice(14, 22));
}

/** The recorded beginning of a frame; the rest is made up, so that nothing authentic is in it. */
function recordedFrame(): Uint8Array<ArrayBuffer> {
  const { bin, head } = recording.events.find((event) => event.dir === "h>c" && event.bin)!;
  const frame = new Uint8Array(bin!);
  frame.set(Uint8Array.fromHex(head!));
  return frame;
}

async function withDirectory(run: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "tela-" });
  try {
    await run(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("telad answers the recorded hub as the recorded agent did (agent 11, agent 21, wire 36, wire 37, wire 43, wire 44)", () =>
  withDirectory(async (home) => {
    await using hub = new ReferenceHub();
    const token = newToken();
    await using agent = await launchAgent({ hubUrl: hub.url, token, home }, [5300, 8088]);
    const control = await hub.next();
    const register = await control.next("register");
    checkShape(register, recorded("c>h", "register"), ["displayName", "tags", "location"]);
    control.send(recorded("h>c", "registered"));
    control.send("");
    control.send(recorded("h>c", "session-request"));
    const session = await hub.next();
    const { udpGrace, ...join } = await session.next("session-join");
    assert.deepEqual(join, recorded("c>h", "session-join"));
    assert.equal(udpGrace, 120, "an addition of ours, which a reference hub ignores");
    assert.equal(session.received.length, 1, "nothing more before the start");
    session.send(recorded("h>c", "session-start"));
    session.send(UDP_OFFER);
    const answer = await session.next("wg-pubkey");
    checkShape(answer, recorded("c>h", "wg-pubkey"));
    assert.deepEqual(answer.ports, [5300, 8088]);
    assert.match(String(answer.wgPubKey), HEX_KEY);
    await checkInitiation(session);
    session.send(recordedFrame());
    session.send(recorded("h>c", "session-end"));
    await session.closed;
    await agent.waitForLine(/session 2e03c435: ended/);
    control.send({ type: "mgmt-request", requestId: "cb287770fa5d1e2b", action: "no-such" });
    const { message, ...response } = await control.next("mgmt-response");
    assert.deepEqual(response, { type: "mgmt-response", requestId: "cb287770fa5d1e2b", ok: false });
    assert.equal(message, "unknown action: no-such");
    control.send(recorded("h>c", "error"));
    await agent.waitForLine(/the hub reports an error: Machine not found/);
    control.send({ type: "error", message: "Access denied" });
    await agent.waitForLine(/the hub refuses this agent: Access denied/);
    await control.closed;
    assert.ok(!agent.output.includes(token));
    await agent.stop();
  }));

Deno.test("tela answers the recorded hub as the recorded client did (client 36, client 37, client 48, wire 47)", () =>
  withDirectory(async (home) => {
    const token = newToken();
    // A hub for each, or the next would hear a client that dials again before it is stopped.
    const start = async (
      stack: AsyncDisposableStack,
    ): Promise<[Process, ReferenceSocket, Message]> => {
      const hub = stack.use(new ReferenceHub());
      const client = stack.use(await launchClient({ hubUrl: hub.url, token, home }, [5300]));
      const socket = await hub.next();
      return [client, socket, await socket.next("connect")];
    };
    {
      await using stack = new AsyncDisposableStack();
      const [client, socket, connect] = await start(stack);
      const { udpGrace, ...asRecorded } = connect;
      assert.deepEqual(shapeOf(asRecorded as Message), shapeOf(recorded("c>h", "connect")));
      assert.equal(udpGrace, 120, "an addition of ours, which a reference hub ignores");
      assert.deepEqual([connect.machineId, connect.ports, connect.token], [MACHINE, [5300], token]);
      assert.match(String(connect.wgPubKey), HEX_KEY);
      socket.send({ type: "x-custom" });
      socket.send("");
      socket.send(recorded("h>c", "ready"));
      socket.send(UDP_OFFER);
      socket.send(recorded("h>c", "wg-pubkey"));
      await checkInitiation(socket);
      socket.send(recordedFrame());
      assert.ok(!/Connected/.test(client.output), "no agent has proved to be there");
      await socket.close();
      await client.waitForLine(/did not come up: .*; next attempt in/);
      assert.ok(!client.output.includes(token));
    }
    for (const [message, line] of REFUSALS) {
      await using stack = new AsyncDisposableStack();
      const [client, socket] = await start(stack);
      socket.send({ message, type: "error" });
      await socket.close(1008, message);
      await client.waitForLine(line);
      if (message === "Invalid token") assert.equal((await client.ended).code, 1);
    }
  }));
