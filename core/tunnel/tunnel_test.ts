import assert from "node:assert/strict";
import { type Clock, systemClock, systemRandom } from "../clock/mod.ts";
import { HubSocket } from "../path/mod.ts";
import { forwardRelayFrame } from "../relay/mod.ts";
import { connStream, streamPair } from "../stream/mod.ts";
import { WebSocketConnection } from "../websocket/mod.ts";
import { generatePrivateKey, publicKey } from "../wireguard/mod.ts";
import { splice } from "./splice.ts";
import { Tunnel, tunnelAddresses } from "./tunnel.ts";

/** A hub between two sockets, which keeps a copy of what it relays if asked. */
class Relay {
  readonly frames: Uint8Array[] = [];
  readonly #ends: WebSocketConnection[] = [];

  constructor(readonly clock: Clock) {}

  socket(): HubSocket {
    const [near, far] = streamPair();
    const common = { clock: this.clock, random: systemRandom };
    this.#ends.push(new WebSocketConnection({ stream: far, role: "server", ...common }));
    return new HubSocket(
      new WebSocketConnection({ stream: near, role: "client", ...common }),
      this.clock,
    );
  }

  run(): void {
    const [a, b] = this.#ends as [WebSocketConnection, WebSocketConnection];
    for (const [from, to] of [[a, b], [b, a]] as const) {
      from.run({
        text: (text) => text.includes("keepalive") || to.sendText(text),
        binary: (bytes, start, end) => {
          assert.equal(forwardRelayFrame(bytes, start, end), "forward");
          this.frames.push(bytes.slice(start, end));
          to.sendBinary(bytes, start, end);
        },
      }).then(() => to.abort());
    }
  }

  sendToBoth(text: string): void {
    for (const end of this.#ends) end.sendText(text);
  }

  cut(): void {
    for (const end of this.#ends) end.abort();
  }
}

interface PairOptions {
  mtu?: [agent: number, client: number];
}

/** An agent's and a client's end of a tunnel through a relay. */
function tunnelPair({ mtu = [1100, 1100] }: PairOptions = {}) {
  const relay = new Relay(systemClock);
  const keys = [generatePrivateKey(systemRandom), generatePrivateKey(systemRandom)] as const;
  const make = (role: "agent" | "client", own: 0 | 1) =>
    new Tunnel({
      role,
      sessionIdx: 7,
      privateKey: keys[own],
      peerPublicKey: publicKey(keys[1 - own as 0 | 1]),
      socket: relay.socket(),
      mtuBytes: mtu[own],
      clock: systemClock,
      random: systemRandom,
    });
  const [agent, client] = [make("agent", 0), make("client", 1)];
  relay.run();
  return { relay, agent, client };
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("tunnelAddresses() clamps the index to 1 to 254 (wire 40, client 39)", () => {
  const third = (index: number) => (tunnelAddresses(index).agent >>> 8) & 0xff;
  assert.deepEqual([0, 1, 7, 254, 255].map(third), [1, 1, 7, 254, 254]);
  assert.equal(tunnelAddresses(7).client - tunnelAddresses(7).agent, 1);
});

Deno.test("Tunnel carries a TCP connection with half-close both ways (client 46)", async () => {
  const { relay, agent, client } = tunnelPair();
  const listener = agent.listen({ port: 22 });
  const dialling = client.connect({ port: 22 });
  const accepted = connStream(await listener.accept());
  const dialled = connStream(await dialling);
  await dialled.write(bytes("a secret marker"));
  await dialled.closeWrite();
  assert.equal(new TextDecoder().decode((await accepted.read())!), "a secret marker");
  assert.equal(await accepted.read(), null);
  await accepted.write(bytes("reply"));
  await accepted.closeWrite();
  assert.equal(new TextDecoder().decode((await dialled.read())!), "reply");
  assert.equal(await dialled.read(), null);
  const relayed = relay.frames.map((frame) => new TextDecoder("latin1").decode(frame)).join();
  assert.ok(relayed.length > 500 && !relayed.includes("marker"));
  client.close();
  assert.equal(await client.closed, "closed");
  assert.match(await agent.closed, /^the hub connection ended/);
});

Deno.test("Tunnel refuses a port without a listener (agent 24)", async () => {
  const { agent, client } = tunnelPair();
  await assert.rejects(client.connect({ port: 17377 }), { name: "TcpError", code: "refused" });
  client.close();
  await agent.closed;
});

for (const mtu of [[1100, 1100], [1000, 1420], [1420, 1100], [16_000, 16_000]] as const) {
  Deno.test(`Tunnel moves 4 MiB each way at MTU ${mtu.join(" and ")} (wire 58)`, async () => {
    const { agent, client } = tunnelPair({ mtu: [...mtu] });
    const listener = agent.listen({ port: 80 });
    const echo = listener.accept().then((conn) => {
      const stream = connStream(conn);
      const [near, far] = streamPair();
      const done = splice(stream, near);
      return (async () => {
        for (let c = await far.read(); c !== null; c = await far.read()) await far.write(c);
        await far.closeWrite();
        await done;
      })();
    });
    const conn = connStream(await client.connect({ port: 80 }));
    const sent = new Uint8Array(4 << 20);
    for (let i = 0; i < sent.length; i++) sent[i] = i * 31 >>> 7;
    const sending = conn.write(sent).then(() => conn.closeWrite());
    let at = 0;
    for (let c = await conn.read(); c !== null; c = await conn.read()) {
      assert.ok(c.every((byte, i) => byte === sent[at + i]));
      at += c.length;
    }
    assert.equal(at, sent.length);
    await sending;
    await echo;
    conn.close();
    client.close();
    await agent.closed;
  });
}

Deno.test("Tunnel ends on session-end and resets what is open (wire 43)", async () => {
  const { relay, agent, client } = tunnelPair();
  const listener = agent.listen({ port: 80 });
  const [accepted, dialled] = await Promise.all([
    listener.accept(),
    client.connect({ port: 80 }),
  ]);
  const reads = [accepted.read(new Uint8Array(1)), dialled.read(new Uint8Array(1))];
  const failures = reads.map((read) => assert.rejects(read, { name: "TcpError" }));
  relay.sendToBoth(`{"type":"x-custom"}`);
  relay.sendToBoth(`{"type":"session-end"}`);
  assert.equal(await agent.closed, "the peer has left");
  await client.closed;
  await Promise.all(failures);
  await assert.rejects(listener.accept());
});

Deno.test("Tunnel ends when its socket is cut", async () => {
  const { relay, agent, client } = tunnelPair();
  const pending = assert.rejects(client.connect({ port: 80 }));
  relay.cut();
  assert.equal(await agent.closed, "the hub connection ended (1006 connection lost)");
  await client.closed;
  await pending;
});
