import assert from "node:assert/strict";
import { decodeHex, encodeHex } from "../../core/bytes/mod.ts";
import { ManualClock, systemRandom } from "../../core/clock/mod.ts";
import { createLog, RepeatLog } from "../../core/log/mod.ts";
import { FakeConnection, FakeSink, linkPipe, type PipeEnd, UdpRig } from "../testing/mod.ts";
import { HostRelay } from "./host_relay.ts";
import { encodeLink, parseLink } from "./messages.ts";
import { UdpHosts } from "./udp_hosts.ts";

const SECRET = "correct horse battery staple";
const A = "192.0.2.1:4001";
const B = "198.51.100.2:4002";
const hex = (text: string) => decodeHex(text.replaceAll(" ", ""))! as Uint8Array<ArrayBuffer>;
const FRAME = "54 00 00 aa bb cc dd 04";
const RELAYED = "54 07 00 aa bb cc dd 04";

/** A hub and a host, on one manual clock, whose link the test can cut. */
class LinkRig {
  readonly clock = new ManualClock();
  readonly lines: string[] = [];
  readonly udp = new UdpRig();
  hosts = this.newHosts();
  host = this.newHost();
  /** The latest link; undefined if the hub cannot be dialled. */
  link: { hub: PipeEnd; host: PipeEnd } | undefined;
  isHubUp = true;
  dials = 0;
  running = Promise.resolve();

  newHosts(): UdpHosts {
    const { clock } = this;
    const log = this.#log("hub");
    const repeats = new RepeatLog(log, { clock });
    return new UdpHosts({ secret: SECRET, clock, random: systemRandom, log, repeats });
  }

  newHost({ secret = SECRET, port = 41820, udp = this.udp } = {}): HostRelay {
    const { clock } = this;
    return new HostRelay({
      relay: udp.relay,
      dial: () => this.#dial(),
      secret,
      place: { host: "udp.example", port },
      clock,
      random: systemRandom,
      log: this.#log("host"),
    });
  }

  async start(host = this.host): Promise<void> {
    this.host = host;
    this.running = host.run();
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  }

  /** Lets time pass, and what is due happen, second by second. */
  async pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += 250) {
      this.clock.advance(250);
      this.udp.nowMs = this.clock.nowMs();
      await this.settle();
    }
  }

  lease() {
    const sinks = { agent: new FakeSink(), client: new FakeSink() };
    const lease = this.hosts.lease(sinks);
    if (lease === undefined) return undefined;
    const tokens = { agent: hex(lease.offers.agent.token), client: hex(lease.offers.client.token) };
    return { ...sinks, lease, tokens };
  }

  async stop(): Promise<void> {
    this.host.stop();
    await this.settle();
    await Promise.all([this.running, this.hosts.close()]);
    assert.equal(this.clock.nextTimerMs(), Infinity, "no timer is left");
  }

  #dial(): Promise<PipeEnd> {
    this.dials++;
    if (!this.isHubUp) return Promise.reject(new Error("Cannot reach hub: connection refused"));
    this.link = linkPipe();
    this.hosts.serve(this.link.hub);
    return Promise.resolve(this.link.host);
  }

  #log(component: string) {
    const write = (line: string) => void this.lines.push(line.slice(21));
    return createLog({ component, clock: this.clock, write });
  }
}

Deno.test("a host that has the secret is offered, with its public host and port (wire 16)", async () => {
  const rig = new LinkRig();
  assert.equal(rig.lease(), undefined, "no host, no offer");
  await rig.start();
  const { offers } = rig.lease()!.lease;
  assert.notEqual(offers.agent.token, offers.client.token);
  for (const { token, ...rest } of [offers.agent, offers.client]) {
    assert.match(token, /^[0-9a-f]{16}$/);
    assert.deepEqual(rest, { type: "udp-offer", host: "udp.example", port: 41820 });
  }
  await rig.stop();
  assert.equal(rig.hosts.place, undefined);
});

Deno.test("the secret never crosses the link, nor gets into the log", async () => {
  const rig = new LinkRig();
  await rig.start();
  const { hub, host } = rig.link!;
  const all = [...hub.texts, ...host.texts, ...rig.lines].join("\n");
  assert.ok(hub.texts.length >= 2 && host.texts.length >= 2);
  for (const form of [SECRET, encodeHex(new TextEncoder().encode(SECRET)), btoa(SECRET)]) {
    assert.ok(!all.includes(form));
  }
  await rig.stop();
});

Deno.test("the host relays from UDP to UDP itself, and to a WebSocket by way of the hub (wire 27, 28)", async () => {
  const rig = new LinkRig();
  await rig.start();
  const { agent, client, tokens } = rig.lease()!;
  await rig.settle();
  assert.ok(rig.udp.arrive(A, tokens.agent, "PROBE"));
  assert.equal(rig.udp.arrive(A, tokens.agent, hex(FRAME)), undefined);
  await rig.settle();
  assert.deepEqual([client.frames, agent.frames], [[hex(RELAYED)], []]);
  rig.udp.arrive(B, tokens.client, "PROBE");
  assert.equal(rig.udp.arrive(A, tokens.agent, hex(FRAME))?.to, B);
  assert.equal(rig.udp.arrive(B, tokens.client, hex(FRAME))?.to, A);
  await rig.settle();
  assert.deepEqual([client.frames.length, agent.frames.length, rig.hosts.stats.frames], [1, 0, 1]);
  await rig.stop();
});

Deno.test("tokens stop working at the host when the session ends (wire 31)", async () => {
  const rig = new LinkRig();
  await rig.start();
  const { lease, client, tokens } = rig.lease()!;
  const other = rig.lease()!;
  await rig.settle();
  assert.ok(rig.udp.arrive(A, tokens.client, "PROBE"));
  lease.end();
  await rig.settle();
  assert.equal(rig.udp.arrive(A, tokens.client, "PROBE"), undefined);
  assert.ok(rig.udp.arrive(A, other.tokens.client, "PROBE"));
  assert.deepEqual([rig.host.pairCount, rig.hosts.pairCount], [1, 1]);
  const late = new Uint8Array([...tokens.client, ...hex(FRAME)]);
  rig.link!.host.sendBinary(late, 0, late.length);
  await rig.settle();
  assert.deepEqual([client.frames, rig.hosts.stats.strayFrames], [[], 1], "nor at the hub");
  await rig.stop();
  assert.equal(rig.udp.relay.tokenCount, 0);
});

Deno.test("the host hears that an end has gone back to WebSocket (wire 5.3)", async () => {
  const rig = new LinkRig();
  await rig.start();
  const { lease, client, tokens } = rig.lease()!;
  await rig.settle();
  rig.udp.arrive(B, tokens.client, "PROBE");
  const told = () => rig.link!.host.texts.filter((text) => text.includes("used-websocket")).length;
  for (let i = 0; i < 100; i++) lease.usedWebSocket("client");
  await rig.pass(10_250);
  assert.equal(told(), 1, "not for every frame");
  rig.udp.arrive(A, tokens.agent, hex(FRAME));
  await rig.settle();
  assert.equal(client.frames.length, 1);
  lease.usedWebSocket("client");
  await rig.settle();
  assert.equal(told(), 2);
  await rig.stop();
});

Deno.test("while the link is cut UDP goes on; afterwards the sessions that live are told again", async () => {
  const rig = new LinkRig();
  await rig.start();
  const [stays, ends] = [rig.lease()!, rig.lease()!];
  await rig.settle();
  rig.udp.arrive(B, stays.tokens.client, "PROBE");
  rig.isHubUp = false;
  rig.link!.hub.abort();
  await rig.settle();
  assert.equal(rig.lease(), undefined, "nothing is offered");
  ends.lease.end();
  await rig.pass(20_000);
  assert.equal(rig.udp.arrive(A, stays.tokens.agent, hex(FRAME))?.to, B);
  rig.udp.arrive(B, stays.tokens.client, hex(FRAME));
  rig.isHubUp = true;
  await rig.pass(13_000);
  assert.ok(rig.lease() !== undefined);
  await rig.settle();
  assert.equal(rig.udp.arrive(A, stays.tokens.agent, hex(FRAME))?.to, B, "it knows B still");
  assert.equal(rig.udp.arrive(A, ends.tokens.agent, "PROBE"), undefined, "ended meanwhile");
  await rig.stop();
});

Deno.test("sessions outlive the link by 60 s at most", async () => {
  const rig = new LinkRig();
  await rig.start();
  const { tokens } = rig.lease()!;
  await rig.settle();
  rig.isHubUp = false;
  rig.link!.hub.abort();
  await rig.pass(59_000);
  assert.ok(rig.udp.arrive(A, tokens.agent, "PROBE"));
  await rig.pass(2000);
  assert.equal(rig.udp.arrive(A, tokens.agent, "PROBE"), undefined);
  await rig.stop();
});

Deno.test("a host that was restarted gets its sessions back and learns addresses anew (wire 30)", async () => {
  const rig = new LinkRig();
  await rig.start();
  const { tokens } = rig.lease()!;
  await rig.settle();
  rig.host.stop();
  await rig.running;
  const udp = new UdpRig();
  await rig.start(rig.newHost({ udp }));
  assert.equal(udp.relay.tokenCount, 2);
  udp.arrive(A, tokens.agent, hex(FRAME));
  assert.equal(udp.arrive(B, tokens.client, hex(FRAME))?.to, A);
  await rig.stop();
});

Deno.test("a host at another place gets new sessions only, and takes the other's place", async () => {
  const rig = new LinkRig();
  await rig.start();
  rig.lease();
  await rig.settle();
  const first = rig.host;
  const firstRunning = rig.running;
  const udp = new UdpRig();
  await rig.start(rig.newHost({ port: 5000, udp }));
  assert.equal(udp.relay.tokenCount, 0);
  assert.equal(rig.lease()!.lease.offers.agent.port, 5000);
  first.stop();
  await rig.settle();
  await firstRunning;
  await rig.stop();
});

Deno.test("a hub that was restarted knows nothing of the sessions, and the host forgets them", async () => {
  const rig = new LinkRig();
  await rig.start();
  const { tokens } = rig.lease()!;
  await rig.settle();
  await rig.hosts.close();
  rig.hosts = rig.newHosts();
  await rig.pass(2000);
  assert.ok(rig.host.isLive);
  assert.equal(rig.udp.arrive(A, tokens.agent, "PROBE"), undefined);
  await rig.stop();
});

for (const deaf of ["hub", "host"] as const) {
  Deno.test(`a link on which the ${deaf} hears nothing is found within 10 s and dialled again`, async () => {
    const rig = new LinkRig();
    await rig.start();
    await rig.pass(20_000);
    assert.equal(rig.dials, 1);
    const silent = rig.link!;
    silent[deaf].isDeaf = true;
    await rig.pass(14_000); // as the last ping may have been up to 4 s ago
    assert.ok(rig.dials > 1);
    assert.ok(rig.host.isLive && rig.hosts.place !== undefined);
    await rig.stop();
  });
}

Deno.test("the host dials with growing pauses, 10 s and a quarter at most, and says once why", async () => {
  const rig = new LinkRig();
  rig.isHubUp = false;
  await rig.start();
  await rig.pass(60_000);
  assert.ok(rig.dials >= 7 && rig.dials <= 14, `${rig.dials} dials`);
  assert.deepEqual(rig.lines, ["[host] Cannot reach hub: connection refused"]);
  const dialled = rig.dials;
  await rig.pass(12_500);
  assert.ok(rig.dials > dialled);
  await rig.stop();
});

Deno.test("host and hub with different secrets do not take each other", async () => {
  const rig = new LinkRig();
  await rig.start(rig.newHost({ secret: "some other secret" }));
  assert.equal(rig.host.isLive, false);
  assert.equal(rig.lease(), undefined);
  assert.match(rig.lines[0]!, /does not take this host: 1008 wrong proof: the secrets differ/);
  assert.equal(rig.udp.relay.tokenCount, 0);
  await rig.stop();
});

/** A stranger at the hub, driven by hand. */
function stranger(rig: LinkRig): FakeConnection {
  const connection = new FakeConnection();
  rig.hosts.serve(connection);
  return connection;
}

const hello = { type: "hello", nonce: new Uint8Array(32), host: "evil.example", port: 1 } as const;

Deno.test("the hub takes nothing from who has not proved itself", async () => {
  const attempts: ((connection: FakeConnection) => void)[] = [
    (c) => c.binary(new Uint8Array(20)),
    (c) => c.text("rubbish"),
    (c) => c.text(encodeLink({ type: "proof", proof: new Uint8Array(32) })),
    (c) => c.text(encodeLink({ type: "synced" })),
    (c) => {
      c.text(encodeLink(hello));
      c.text(encodeLink({ type: "proof", proof: new Uint8Array(32) }));
    },
    (c) => {
      c.text(encodeLink(hello));
      const challenge = parseLink(c.sent[0] as string);
      assert.ok(challenge?.type === "challenge");
      c.text(encodeLink({ type: "proof", proof: challenge.proof }));
    },
    (c) => {
      c.text(encodeLink(hello));
      c.text(encodeLink(hello));
    },
  ];
  const rig = new LinkRig();
  for (const attempt of attempts) {
    const connection = stranger(rig);
    attempt(connection);
    await rig.settle();
    assert.match(connection.closings[0]!, /^closeNow 1008 /);
    assert.equal(rig.lease(), undefined);
  }
  await rig.hosts.close();
});

Deno.test("strangers are few, the oldest goes for a new one, and none has more than 10 s", async () => {
  const rig = new LinkRig();
  const strangers = Array.from({ length: 17 }, () => stranger(rig));
  assert.deepEqual(strangers.map(({ closings }) => closings.length), [1, ...Array(16).fill(0)]);
  await rig.start();
  assert.ok(rig.lease(), "a host is not kept out");
  rig.clock.advance(10_000);
  await rig.settle();
  assert.ok(strangers.every(({ closings }) => closings.length === 1));
  await rig.stop();
});

Deno.test("frames for no session, too short or for a full WebSocket are dropped and counted", async () => {
  const rig = new LinkRig();
  await rig.start();
  const { client, tokens } = rig.lease()!;
  client.isStalled = true;
  const from = rig.link!.host;
  const send = (bytes: Uint8Array) => from.sendBinary(bytes, 0, bytes.length);
  send(new Uint8Array([...tokens.client, ...hex(FRAME)]));
  send(new Uint8Array([...tokens.client, 1, 2, 3, 4, 5, 6]));
  send(new Uint8Array([9, 9, 9, 9, 9, 9, 9, 9, ...hex(FRAME)]));
  send(new Uint8Array(0));
  await rig.settle();
  assert.deepEqual(rig.hosts.stats, { frames: 0, slowReceiver: 1, strayFrames: 3 });
  assert.ok(rig.host.isLive);
  await rig.stop();
});

Deno.test("a hub that does not read costs the host no memory: frames for it are dropped", async () => {
  const rig = new LinkRig();
  await rig.start();
  const { client, tokens } = rig.lease()!;
  await rig.settle();
  rig.link!.host.bufferedBytes = 1024 * 1024 + 1;
  rig.udp.arrive(A, tokens.agent, hex(FRAME));
  await rig.settle();
  assert.equal(rig.udp.relay.stats.drops["slow-receiver"], 1);
  assert.deepEqual(client.frames, []);
  await rig.stop();
});

Deno.test("a host that does not read is given up by the hub", async () => {
  const rig = new LinkRig();
  await rig.start();
  const { hub } = rig.link!;
  hub.bufferedBytes = 1024 * 1024 + 1;
  rig.lease();
  await rig.settle();
  assert.equal(rig.hosts.place, undefined);
  await rig.pass(1000);
  assert.ok(rig.lease(), "it has come back");
  await rig.stop();
});
