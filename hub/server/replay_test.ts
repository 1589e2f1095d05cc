import assert from "node:assert/strict";
import { decodeHex } from "../../core/bytes/mod.ts";
import { publicRoutes, Router } from "../http/mod.ts";
import { type FakeConnection, SwitchboardRig } from "../testing/mod.ts";
import recording from "./testdata/reference_session.json" with { type: "json" };

interface RecordedEvent {
  t: number;
  ws?: number;
  ev?: string;
  dir?: string;
  json?: Record<string, unknown>;
  bin?: number;
  head?: string;
  code?: number;
  reason?: string;
  http?: string;
  auth?: string;
  status?: number;
  res?: Record<string, unknown>;
}

const OWNER = "a".repeat(64);
const none = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };

/** From the recorded uptime: the hub had been up for so long when the recording began. */
const UPTIME_MS = 1300;

/** Plays the recorded agent and client to our hub and holds its answers against the recorded ones. */
class Replay {
  readonly rig = new SwitchboardRig({
    wallMs: Date.UTC(2026, 10, 21, 1, 21, 11, 200),
    auth: {
      tokens: [{ ...none, id: "owner", token: OWNER, role: "owner" }],
      machines: new Map(),
    },
  });
  readonly sockets = new Map<number, FakeConnection>();
  readonly router: Router;
  sessionId = "";
  #pongs = 0;

  constructor() {
    const { rig } = this;
    const routes = publicRoutes({
      hub: () => ({ hubId: "cb3738a7-aa62-411f-af62-de6d067e7560", name: "demo" }),
      facts: { os: "linux", arch: "amd64", hostname: "vm", runtime: "go1.26.10", version: "dev" },
      access: () => rig.access,
      authenticator: rig.authenticator,
      machines: () => rig.registry.all(),
      sessionCount: (machine) => rig.switchboard.sessionCount(machine),
      history: () => rig.history.newestFirst(),
      clock: rig.clock,
      repeats: rig.repeats,
    });
    this.router = new Router(routes, { onError: (error) => assert.fail(String(error)) });
  }

  async step(event: RecordedEvent): Promise<void> {
    this.#advanceTo(event.t + UPTIME_MS);
    if (event.http !== undefined) return await this.#http(event);
    const ws = event.ws!;
    if (event.ev === "upgrade") this.sockets.set(ws, this.rig.dial());
    const socket = this.sockets.get(ws)!;
    if (event.dir === "c>h" && event.json !== undefined) socket.text(this.#ours(event.json));
    if (event.dir === "c>h" && event.bin !== undefined) socket.binary(frameOf(event));
    if (event.dir === "h>c") this.#expect(socket, event);
    if (event.ev === "close-by-peer") socket.leave();
    if (event.ev === "close-by-hub" && event.code === 1008) {
      assert.deepEqual(socket.closings, [`close 1008 ${event.reason}`]);
    }
    await this.rig.settle();
  }

  #advanceTo(ms: number): void {
    this.rig.clock.advance(Math.max(0, ms - this.rig.clock.nowMs()));
    const agent = this.sockets.get(1);
    while (agent !== undefined && this.#pongs < agent.pings) {
      this.#pongs++;
      agent.pong();
    }
  }

  #ours(json: Record<string, unknown>): Record<string, unknown> {
    return json.type === "session-join" ? { ...json, sessionId: this.sessionId } : json;
  }

  #expect(socket: FakeConnection, event: RecordedEvent): void {
    const sent = socket.sent.shift();
    if (event.json === undefined) return assert.deepEqual(sent, frameOf(event));
    const message = JSON.parse(sent as string);
    if (message.type === "session-request") this.sessionId = message.sessionId;
    const { sessionId: _, ...expected } = event.json;
    const { sessionId: __, ...actual } = message;
    assert.deepEqual(actual, expected);
  }

  async #http({ http, auth, status, res }: RecordedEvent): Promise<void> {
    const [method, path] = http!.split(" ");
    const headers: HeadersInit = auth === undefined ? {} : { authorization: `Bearer ${OWNER}` };
    const request = new Request(`http://hub${path}`, { method: method!, headers });
    const response = await this.router.handle(request, { remoteAddress: "" });
    assert.equal(response.status, status);
    assert.deepEqual(await response.json(), res);
  }
}

/** Of a recorded frame only the head is kept; the rest is made up. */
function frameOf({ bin, head }: RecordedEvent): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(bin!).fill(0xab);
  frame.set(decodeHex(head!)!);
  return frame;
}

Deno.test("the hub answers the recorded agent and client as the reference did (wire 7, 11, 13-15, 23, 25)", async () => {
  const replay = new Replay();
  for (const event of recording.events as RecordedEvent[]) {
    await replay.step(event).catch((cause) => {
      throw new Error(`at ${event.t} ms: ${JSON.stringify(event).slice(0, 200)}`, { cause });
    });
  }
  for (const [ws, socket] of replay.sockets) assert.deepEqual(socket.sent, [], `socket ${ws}`);
});
