import { Tunnel } from "../../core/tunnel/mod.ts";
import { generatePrivateKey, publicKey } from "../../core/wireguard/mod.ts";
import { EchoStream, passTime } from "./echo_stream.ts";
import type { Host } from "./host.ts";
import type { Lab } from "./lab.ts";
import { labUdp } from "./lab_udp.ts";
import { ReferenceTunnel } from "./reference_tunnel.ts";
import { TunnelHub } from "./tunnel_hub.ts";

const PORT = 80;

type Role = "agent" | "client";

/** Keys and the rest of what a tunnel of ours is made of. */
class Maker {
  readonly #lab: Lab;
  readonly keys: Readonly<Record<Role, Uint8Array>>;

  constructor(lab: Lab) {
    this.#lab = lab;
    const { fill } = lab.rng;
    this.keys = { agent: generatePrivateKey(fill), client: generatePrivateKey(fill) };
  }

  peerKey(role: Role): Uint8Array {
    return publicKey(this.keys[role === "agent" ? "client" : "agent"]);
  }

  tunnel(role: Role, host: Host): Tunnel {
    const { clock, rng } = this.#lab;
    return new Tunnel({
      role,
      sessionIdx: 7,
      privateKey: this.keys[role],
      peerPublicKey: this.peerKey(role),
      mtuBytes: 1100,
      clock,
      random: rng.fill,
      udp: labUdp(host),
    });
  }
}

function directState(tunnel: Tunnel): string | undefined {
  return tunnel.status().paths.find(({ kind }) => kind === "direct")?.state;
}

/** Two tunnels of ours between two hosts of a lab, joined through a hub. */
export class LabTunnels {
  readonly agent: Tunnel;
  readonly client: Tunnel;
  readonly #lab: Lab;

  /** Joins them. */
  constructor(lab: Lab, hosts: readonly [agent: Host, client: Host]) {
    this.#lab = lab;
    const maker = new Maker(lab);
    this.agent = maker.tunnel("agent", hosts[0]);
    this.client = maker.tunnel("client", hosts[1]);
    const hub = new TunnelHub(lab);
    this.agent.attach(hub.socket());
    this.client.attach(hub.socket());
    hub.run({ ours: true });
  }

  /** Path that each end sends by. */
  get paths(): (string | undefined)[] {
    return [this.agent.status().path, this.client.status().path];
  }

  /** Whether the direct path works, as each end sees it. */
  get direct(): (string | undefined)[] {
    return [directState(this.agent), directState(this.client)];
  }

  /** Opens a stream from the client. */
  open(): Promise<EchoStream> {
    const listener = this.agent.listen({ port: PORT });
    return EchoStream.open(this.#lab, {
      listener,
      connect: () => this.client.connect({ port: PORT }),
    });
  }

  /** Ends both. */
  async close(): Promise<void> {
    this.client.close();
    this.agent.close();
    await passTime(this.#lab, 1_000);
    await Promise.all([this.client.closed, this.agent.closed]);
  }
}

/** A client of ours and an agent that behaves as the reference does. */
export class LabReference {
  readonly agent: ReferenceTunnel;
  readonly client: Tunnel;
  readonly #lab: Lab;

  /** Joins them. `udpAfterMs`: how long the agent takes to go on UDP, after it is offered. */
  constructor(
    lab: Lab,
    { hosts, udpAfterMs }: { hosts: readonly [agent: Host, client: Host]; udpAfterMs: number },
  ) {
    this.#lab = lab;
    const maker = new Maker(lab);
    const hub = new TunnelHub(lab);
    this.agent = new ReferenceTunnel(lab, {
      host: hosts[0],
      socket: hub.socket(),
      privateKey: maker.keys.agent,
      peerPublicKey: maker.peerKey("agent"),
      udpAfterMs,
    });
    this.client = maker.tunnel("client", hosts[1]);
    this.client.attach(hub.socket());
    hub.run({ ours: false });
  }

  /** Whether each end takes the direct path for one that works. */
  get isDirect(): boolean[] {
    return [this.agent.isDirect, directState(this.client) === "up"];
  }

  /** Opens a stream from the client. */
  open(): Promise<EchoStream> {
    const listener = this.agent.netstack.listen({ port: PORT });
    return EchoStream.open(this.#lab, {
      listener,
      connect: () => this.client.connect({ port: PORT }),
    });
  }

  /** Ends both. */
  async close(): Promise<void> {
    this.client.close();
    this.agent.close();
    await passTime(this.#lab, 1_000);
    await this.client.closed;
  }
}
