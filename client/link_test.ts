import assert from "node:assert/strict";
import { encodeHex } from "../core/bytes/mod.ts";
import { ManualClock } from "../core/clock/mod.ts";
import type { ControlMessage } from "../core/control/mod.ts";
import { agentHello, AgentIdentity } from "../core/identity/mod.ts";
import { createLog } from "../core/log/mod.ts";
import { FakeSocket, FakeTunnel } from "./_fakes.ts";
import { AgentCheck } from "./agent_check.ts";
import { systemProbes } from "./explain/mod.ts";
import type { ClientDeps } from "./deps.ts";
import { Link } from "./link.ts";

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

const identity = new AgentIdentity(new Uint8Array(32).fill(7));

/** The key pair that a client makes as its `n`th. */
const clientKey = (n: number) => new Uint8Array(32).fill(n);

interface AnswerOptions {
  /** The agent's key, as a byte. */
  agent?: number;
  /** Which of the client's keys the hello is signed for. */
  client?: number;
  features?: string[];
}

/** A hub that pairs the client with an agent of ours. */
function answered({ agent = 1, client = 1, features = ["resume"] }: AnswerOptions = {}) {
  const agentKey = new Uint8Array(32).fill(agent);
  const session = { machine: "barn", agentKey, clientKey: clientKey(client) };
  return new FakeSocket([
    { type: "ready", sessionIdx: 3 },
    {
      type: "wg-pubkey",
      wgPubKey: encodeHex(agentKey),
      ports: [22],
      capabilities: { identity: identity.fingerprint },
    },
    agentHello(identity, { ...session, features }),
  ]);
}

const refused = (message: string) => new FakeSocket([{ type: "error", message }]);

/** A hub that pairs the client with an agent of the reference. */
const byReference = () =>
  new FakeSocket([
    { type: "ready", sessionIdx: 3 },
    { type: "wg-pubkey", wgPubKey: "ab".repeat(32), ports: [22] },
  ]);

/** A link whose dials are answered by `sockets` one after the other. */
function setUp(sockets: FakeSocket[], { requireVerified = false } = {}) {
  const clock = new ManualClock(0);
  const lines: string[] = [];
  const write = (line: string) => lines.push(line.slice(line.indexOf("]") + 2));
  const log = createLog({ component: "tela", write, clock });
  const tunnels: FakeTunnel[] = [];
  const usable: boolean[] = [];
  let keys = 0;
  let dials = 0;
  let proves = true;
  const unused = () => assert.fail("not of a link");
  const deps: ClientDeps = {
    clock,
    random: unused,
    fetch: unused,
    listen: unused,
    storedToken: unused,
    openCredentials: unused,
    dialHub: () => Promise.resolve(sockets[dials++] ?? assert.fail("one dial too many")),
    openTunnel: ({ handler }) => {
      const tunnel = new FakeTunnel(handler);
      tunnel.proves = proves;
      tunnels.push(tunnel);
      return tunnel;
    },
    knownAgents: unused,
    makeKeys: () => ({ privateKey: new Uint8Array(32), publicKey: clientKey(++keys) }),
    nameFiles: () => undefined,
    probes: systemProbes(),
    serveControl: unused,
    findClients: unused,
    followClient: unused,
    onInterrupt: unused,
  };
  const link = new Link({
    hubUrl: "ws://h",
    machine: "barn",
    token: "",
    ports: [],
    mtuBytes: 1100,
    graceMs: 120_000,
    check: new AgentCheck({
      hubUrl: "ws://h",
      machine: "barn",
      known: undefined,
      acceptIdentity: undefined,
      requireVerified,
      log,
    }),
    deps,
    log,
    onGrant: () => Promise.resolve(),
    onUsable: (_tunnel, now) => usable.push(now),
  });
  const stop = new AbortController();
  const open = () => link.open(stop.signal);
  const sentKey = (socket: FakeSocket) => {
    const [connect] = socket.sent as [ControlMessage];
    return connect.type === "connect" ? connect.wgPubKey : undefined;
  };
  const doubt = () => void (proves = false);
  return { link, open, stop, clock, lines, tunnels, usable, sentKey, doubt };
}

Deno.test("Link goes on with its tunnel by another socket, asked for with the same key", async () => {
  const sockets = [answered(), answered()];
  const { link, open, clock, lines, tunnels, usable, sentKey } = setUp(sockets);
  const first = await open();
  assert.equal(link.agent?.fingerprint, identity.fingerprint);
  tunnels[0]!.lose("cut");
  assert.equal(await first.lost, "cut; open connections wait for up to 120 s");
  assert.equal(link.waits, true);
  clock.advance(2_300);
  await open();
  assert.deepEqual(sockets.map(sentKey), Array(2).fill(encodeHex(clientKey(1))));
  assert.equal(tunnels.length, 1);
  assert.deepEqual(tunnels[0]!.sockets, sockets);
  assert.deepEqual(usable, [true, false, true]);
  assert.equal(lines.at(-1), "Session resumed after 2.3 s");
  assert.equal(clock.nextTimerMs(), Infinity);
  link.close();
  assert.equal(tunnels[0]!.left, true);
});

Deno.test("Link lets new connections through while another path than the hub's works", async () => {
  const { open, tunnels, usable } = setUp([answered()]);
  const { lost } = await open();
  tunnels[0]!.changePath("direct");
  tunnels[0]!.lose("cut");
  assert.equal(await lost, "cut; open connections go on by the direct path");
  tunnels[0]!.changePath(undefined);
  tunnels[0]!.changePath("direct");
  assert.deepEqual(usable, [true, true, true, false, true]);
  tunnels[0]!.end();
});

Deno.test("Link keeps a tunnel without a socket as long as another path works, and 120 s more", async () => {
  const { link, open, clock, tunnels, lines } = setUp([answered(), answered()]);
  await open();
  tunnels[0]!.changePath("direct");
  tunnels[0]!.lose();
  clock.advance(600_000);
  assert.equal(link.waits, true);
  await open();
  assert.equal(lines.at(-1), "Session resumed after 600.0 s");
  tunnels[0]!.lose();
  clock.advance(50_000);
  tunnels[0]!.changePath(undefined);
  clock.advance(119_999);
  assert.equal(link.waits, true);
  clock.advance(1);
  assert.equal(await tunnels[0]!.closed, "no way back to the agent within 120 s");
  await settle();
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("Link resets what waited when the agent has another key, and goes on with a new tunnel", async () => {
  const { open, lines, tunnels, clock } = setUp([answered(), answered({ agent: 2 })]);
  await open();
  tunnels[0]!.lose();
  await open();
  assert.equal(tunnels.length, 2);
  const reason = "the agent no longer has the session: it was restarted, or gave it up";
  assert.equal(await tunnels[0]!.closed, reason);
  await settle();
  assert.ok(lines.includes(`Open connections are reset: ${reason}`), lines.join("\n"));
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("Link ends at once with an agent that cannot resume, and makes new keys", async () => {
  for (const first of [byReference(), answered({ features: [] })]) {
    const sockets = [first, answered({ client: 2 })];
    const { link, open, tunnels, sentKey } = setUp(sockets);
    const { lost } = await open();
    tunnels[0]!.lose("cut");
    const reason = "cut; this agent cannot resume, open connections are reset";
    assert.equal(await lost, reason);
    assert.equal(await tunnels[0]!.closed, reason);
    assert.equal(link.waits, false);
    await open();
    assert.equal(sentKey(sockets[1]!), encodeHex(clientKey(2)));
    assert.equal(tunnels.length, 2);
  }
});

Deno.test("Link ends what waits when access is denied, and keeps it when the machine is not there yet", async () => {
  for (const [message, waits] of [["Access denied", false], ["Machine not found", true]] as const) {
    const { link, open, tunnels } = setUp([answered(), refused(message)]);
    await open();
    tunnels[0]!.lose();
    await assert.rejects(open(), { name: "SessionError" });
    await settle();
    assert.equal(link.waits, waits, message);
    if (!waits) assert.equal(await tunnels[0]!.closed, "the hub no longer grants access");
  }
});

Deno.test("Link waits for 120 s in all, whatever sockets come meanwhile without the agent", async () => {
  const { link, open, clock, tunnels, lines } = setUp([answered(), answered()]);
  await open();
  tunnels[0]!.lose();
  clock.advance(100_000);
  tunnels[0]!.proves = false;
  const opening = assert.rejects(open(), { code: "closed", message: /did not come up: no proof/ });
  await settle();
  tunnels[0]!.lose("no proof");
  await opening;
  clock.advance(19_999);
  assert.equal(link.waits, true);
  clock.advance(1);
  assert.equal(await tunnels[0]!.closed, "no way back to the agent within 120 s");
  await settle();
  assert.equal(link.waits, false);
  assert.match(lines.at(-1)!, /^Open connections are reset: no way back/);
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("Link takes no answer of the agent for a tunnel that ended meanwhile, and begins anew", async () => {
  const late = answered();
  const answer = Promise.withResolvers<void>();
  const next = late.next.bind(late);
  late.next = () => answer.promise.then(next);
  const sockets = [answered(), late, answered({ agent: 2, client: 2 })];
  const { open, clock, tunnels, sentKey } = setUp(sockets);
  await open();
  tunnels[0]!.lose();
  clock.advance(100_000);
  const opening = assert.rejects(open(), { code: "closed", message: /ended before/ });
  await settle();
  clock.advance(20_000);
  await tunnels[0]!.closed;
  // The agent still has the session, and with it the addresses of the tunnel that is no more.
  answer.resolve();
  await opening;
  assert.ok(late.closedByUs);
  assert.equal(tunnels.length, 1);
  await open();
  assert.equal(tunnels.length, 2);
  assert.equal(sentKey(sockets[2]!), encodeHex(clientKey(2)));
});

Deno.test("Link opens no tunnel to an agent that is refused", async () => {
  for (const socket of [answered({ client: 9 }), byReference()]) {
    const { open, tunnels, usable } = setUp([socket], { requireVerified: true });
    await assert.rejects(open(), { name: "SessionError" });
    assert.ok(socket.closedByUs);
    assert.deepEqual([tunnels, usable], [[], []]);
  }
});

Deno.test("Link stops while it waits for the agent's proof", async () => {
  const { open, stop, tunnels, doubt } = setUp([answered()]);
  doubt();
  const opening = assert.rejects(open());
  await settle();
  stop.abort();
  await opening;
  assert.equal(await tunnels[0]!.closed, "closed");
});
