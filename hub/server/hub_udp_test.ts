import assert from "node:assert/strict";
import { decodeHex } from "../../core/bytes/mod.ts";
import { systemClock, systemRandom } from "../../core/clock/mod.ts";
import { createLog, LogRing, RepeatLog } from "../../core/log/mod.ts";
import type { HubConfig } from "../config/mod.ts";
import { CodeStore } from "../pairing/mod.ts";
import { RawClient } from "../testing/mod.ts";
import { OPEN } from "./_started_hub.ts";
import { startHub } from "./hub.ts";
import { HubUdp } from "./hub_udp.ts";

const SECRET = "correct horse battery staple";
const sinks = { agent: { frame: () => true }, client: { frame: () => true } };

function options(config: HubConfig, lines: string[] = []) {
  const write = (line: string) => void lines.push(line.slice(21));
  const log = createLog({ component: "hub", clock: systemClock, write });
  return {
    config: () => config,
    hostname: "127.0.0.1",
    clock: systemClock,
    random: systemRandom,
    log,
    repeats: new RepeatLog(log, { clock: systemClock }),
  };
}

Deno.test("HubUdp offers the port that it has bound, with udpHost if there is one (wire 16)", async () => {
  for (const [udpHost, rest] of [["", {}], ["udp.example", { host: "udp.example" }]] as const) {
    const lines: string[] = [];
    const udp = new HubUdp(options({ ...OPEN, udpHost }, lines));
    const { token, ...offer } = udp.lease(sinks)!.offers.agent;
    assert.deepEqual(offer, { type: "udp-offer", port: udp.port, ...rest });
    assert.match(token, /^[0-9a-f]{16}$/);
    const named = udpHost && `, offered as ${udpHost}`;
    assert.deepEqual(lines, [`[hub] UDP relay and STUN on port ${udp.port}${named}`]);
    await udp.close();
  }
});

Deno.test("HubUdp offers nothing when its port is taken, and says so once", async () => {
  const first = new HubUdp(options(OPEN));
  const lines: string[] = [];
  const second = new HubUdp(options({ ...OPEN, udpPort: first.port! }, lines));
  assert.deepEqual([second.port, second.lease(sinks)], [undefined, undefined]);
  assert.match(lines.join(), /^\[hub\] no UDP relay: Cannot bind UDP port \d+: [^,]+$/);
  await Promise.all([first.close(), second.close()]);
});

Deno.test("HubUdp binds nothing when UDP is off, and prefers its own port to another host", async () => {
  const off = new HubUdp(options({ ...OPEN, udp: false }));
  assert.deepEqual([off.port, off.hosts, off.lease(sinks)], [undefined, undefined, undefined]);
  const both = new HubUdp(options({ ...OPEN, udpRelaySecret: SECRET }));
  assert.ok(both.hosts !== undefined);
  assert.equal(both.lease(sinks)!.offers.client.port, both.port);
  await Promise.all([off.close(), both.close()]);
});

/** One end of a session: its WebSocket, and its UDP as it was offered. */
class End {
  readonly udp = Deno.listenDatagram({ port: 0, hostname: "127.0.0.1", transport: "udp" });
  readonly #token: Uint8Array;
  readonly #to: Deno.NetAddr;

  constructor(readonly socket: RawClient, { token, port }: Record<string, unknown>) {
    this.#token = decodeHex(token as string)!;
    this.#to = { transport: "udp", hostname: "127.0.0.1", port: port as number };
  }

  async send(payload: Uint8Array | string): Promise<void> {
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    await this.udp.send(new Uint8Array([...this.#token, ...bytes]), this.#to);
  }

  async next(): Promise<Uint8Array> {
    return (await this.udp.receive(new Uint8Array(65536)))[0].slice(8);
  }

  close(): void {
    this.udp.close();
    this.socket.close();
  }
}

async function pairOn(port: number): Promise<{ control: RawClient; agent: End; client: End }> {
  const control = await RawClient.upgrade(port);
  await control.send(0x81, { type: "register", agentId: "a", machineName: "barn" });
  await control.nextMessage();
  const client = await RawClient.upgrade(port);
  await client.send(0x81, { type: "connect", machineId: "barn", wgPubKey: "k" });
  const { sessionId } = await control.nextMessage();
  const joined = await RawClient.upgrade(port);
  await joined.send(0x81, { type: "session-join", machineId: "barn", sessionId });
  await joined.nextMessage();
  await client.nextMessage();
  const [agentOffer, clientOffer] = [await joined.nextMessage(), await client.nextMessage()];
  return { control, agent: new End(joined, agentOffer), client: new End(client, clientOffer) };
}

Deno.test("frames cross a hub by UDP, by WebSocket and mixed, with real sockets (wire 27, 28, 29, 31)", async () => {
  const { hostname, ...rest } = options(OPEN);
  const facts = { os: "linux", arch: "amd64", hostname: "h", runtime: "deno", version: "0" };
  const codes = new CodeStore(":memory:", { random: systemRandom });
  const hub = await startHub({
    ...rest,
    hostname,
    facts,
    logs: new LogRing(),
    codes,
  });
  const { control, agent, client } = await pairOn(hub.port);
  const frame = (hop: number, lenBytes: number) =>
    new Uint8Array([0x54, hop, 0, 1, 2, 3, 4, ...new Uint8Array(lenBytes).fill(lenBytes)]);
  await agent.send("PROBE");
  assert.deepEqual(await agent.next(), new TextEncoder().encode("READY"));
  await agent.send(frame(0, 32));
  assert.deepEqual((await client.socket.next())!.payload, frame(7, 32));
  await client.send("PROBE");
  await client.next();
  await agent.send(frame(0, 1132));
  assert.deepEqual(await client.next(), frame(7, 1132));
  await agent.socket.send(0x82, frame(0, 33));
  assert.deepEqual((await client.socket.next())!.payload, frame(7, 33));
  const { toUdp, toWebSocket, probes } = hub.udp.stats;
  assert.deepEqual({ toUdp, toWebSocket, probes }, { toUdp: 1, toWebSocket: 1, probes: 2 });
  client.socket.close();
  assert.equal((await agent.socket.nextMessage()).type, "session-end");
  await agent.send("PROBE");
  // What is answered after the probe shows that the probe was not.
  await agent.udp.send(stunRequest(), { transport: "udp", hostname, port: hub.udp.port! });
  const [answer] = await agent.udp.receive(new Uint8Array(100));
  assert.equal(answer[0], 1, "a STUN success response");
  assert.equal(hub.udp.stats.drops["unknown-token"], 1);
  for (const each of [agent.socket, control, agent.udp, client.udp]) each.close();
  await hub.shutdown();
  codes.close();
});

function stunRequest(): Uint8Array<ArrayBuffer> {
  const request = new Uint8Array(20);
  request.set([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]);
  return request;
}
