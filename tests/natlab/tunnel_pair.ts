import assert from "node:assert/strict";
import { type ByteStream, connStream } from "../../core/stream/mod.ts";
import { Tunnel } from "../../core/tunnel/mod.ts";
import { generatePrivateKey, publicKey } from "../../core/wireguard/mod.ts";
import type { Host } from "./host.ts";
import type { Lab } from "./lab.ts";
import { labUdp } from "./lab_udp.ts";
import { TunnelHub } from "./tunnel_hub.ts";

const PORT = 80;

/** Steps of virtual time after which nothing can be waiting for a promise. */
const SETTLE_TURNS = 4;

/** Two real tunnels between two hosts of a lab, and a stream through them that is sent on. */
export class LabTunnels {
  readonly agent: Tunnel;
  readonly client: Tunnel;
  readonly #lab: Lab;
  #stream: ByteStream | undefined;

  /** Joins them through a hub. */
  constructor(lab: Lab, hosts: readonly [Host, Host]) {
    this.#lab = lab;
    const { clock, rng } = lab;
    const keys = [generatePrivateKey(rng.fill), generatePrivateKey(rng.fill)] as const;
    const make = (role: "agent" | "client", own: 0 | 1) =>
      new Tunnel({
        role,
        sessionIdx: 7,
        privateKey: keys[own],
        peerPublicKey: publicKey(keys[1 - own as 0 | 1]),
        mtuBytes: 1100,
        clock,
        random: rng.fill,
        udp: labUdp(hosts[own]),
      });
    [this.agent, this.client] = [make("agent", 0), make("client", 1)];
    const hub = new TunnelHub(lab);
    this.agent.attach(hub.socket());
    this.client.attach(hub.socket());
    hub.run();
  }

  /** Path that each end sends by. */
  get paths(): [string | undefined, string | undefined] {
    return [this.agent.status().path, this.client.status().path];
  }

  /** Whether the direct path works, as each end sees it. */
  get direct(): (string | undefined)[] {
    return [this.agent, this.client].map((tunnel) =>
      tunnel.status().paths.find(({ kind }) => kind === "direct")?.state
    );
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    const { clock } = this.#lab;
    const untilMs = clock.nowMs() + ms;
    clock.setTimer(() => {}, ms);
    await settle();
    while (clock.nextMs() <= untilMs) {
      clock.step();
      await settle();
    }
  }

  /** Opens a stream that the agent echoes. */
  async open(): Promise<void> {
    const listener = this.agent.listen({ port: PORT });
    const opening = this.client.connect({ port: PORT });
    const accepting = listener.accept();
    await this.pass(3_000);
    this.#stream = connStream(await opening);
    this.#echo(connStream(await accepting));
    listener.close();
  }

  /** Sends `bytes` to the agent and back, within `limitMs`. */
  async roundTrip(bytes: number, limitMs: number): Promise<void> {
    const sent = Uint8Array.from({ length: bytes }, (_, i) => (i * 31) >>> 3);
    const stream = this.#stream!;
    const writing = stream.write(sent);
    let got = 0;
    const reading = (async () => {
      while (got < bytes) {
        const chunk = (await stream.read())!;
        assert.ok(chunk.every((byte, i) => byte === sent[got + i]), `from byte ${got}`);
        got += chunk.length;
      }
    })();
    const untilMs = this.#lab.clock.nowMs() + limitMs;
    while (got < bytes) {
      assert.ok(this.#lab.clock.nowMs() < untilMs, `${got} of ${bytes} bytes in ${limitMs} ms`);
      await this.pass(100);
    }
    await Promise.all([writing, reading]);
  }

  /** Ends both. */
  async close(): Promise<void> {
    this.client.close();
    this.agent.close();
    await this.pass(1_000);
    await Promise.all([this.client.closed, this.agent.closed]);
  }

  async #echo(stream: ByteStream): Promise<void> {
    try {
      for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
        await stream.write(chunk);
      }
    } catch (error) {
      // The tunnel has ended under it, at the end of the test.
      assert.ok(this.agent.state === "ended", String(error));
    }
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < SETTLE_TURNS; i++) await new Promise((resolve) => setImmediate(resolve));
}
