import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import type { Log, RepeatLog } from "../../core/log/mod.ts";
import type { HubConfig } from "../config/mod.ts";
import {
  bindUdp,
  type BoundSocket,
  type FrameSink,
  LocalCarrier,
  type SessionEnd,
  UdpBindError,
  type UdpCarrier,
  type UdpLease,
  UdpPort,
  UdpRelay,
  type UdpStats,
} from "../udp/mod.ts";
import { UdpHosts } from "../udp_link/mod.ts";

/** What {@linkcode HubUdp} works with. */
export interface HubUdpOptions {
  /** The configuration in effect. */
  readonly config: () => HubConfig;
  /** Address to bind. */
  readonly hostname: string;
  /** Times everything. */
  readonly clock: Clock;
  /** Makes tokens. */
  readonly random: Random;
  /** Told what there is. */
  readonly log: Log;
  /** Takes hosts that are refused, for the log. */
  readonly repeats: RepeatLog;
}

/** A hub goes on without UDP, and offers none. */
function tryBind(where: { port: number; hostname: string }, log: Log): BoundSocket | undefined {
  try {
    return bindUdp(where);
  } catch (error) {
    if (!(error instanceof UdpBindError)) throw error;
    log(`no UDP relay: ${error.message}`);
    return undefined;
  }
}

/** All of a hub's UDP: a port of its own, or else a process on another host. */
export class HubUdp implements UdpCarrier {
  /** The port of its own, undefined if there is none. */
  readonly port: number | undefined;
  /** What that port has relayed and dropped. */
  readonly stats: Readonly<UdpStats>;
  /** Takes processes that relay by UDP for this hub; undefined if none is expected. */
  readonly hosts: UdpHosts | undefined;
  readonly #udpPort: UdpPort | undefined;
  readonly #own: LocalCarrier | undefined;

  /** Binds the port, or logs why not. */
  constructor({ config, hostname, clock, random, log, repeats }: HubUdpOptions) {
    const { udp = true, udpPort, udpRelaySecret = "" } = config();
    const relay = new UdpRelay(random);
    const bound = udp ? tryBind({ port: udpPort, hostname }, log) : undefined;
    this.stats = relay.stats;
    this.port = bound?.port;
    if (bound !== undefined) {
      const { port, socket } = bound;
      this.#udpPort = new UdpPort({ socket, relay, clock, log });
      this.#own = new LocalCarrier(relay, () => ({ port, host: config().udpHost }));
      const named = config().udpHost === "" ? "" : `, offered as ${config().udpHost}`;
      log(`UDP relay and STUN on port ${port}${named}`);
    }
    if (udpRelaySecret !== "") {
      this.hosts = new UdpHosts({ secret: udpRelaySecret, clock, random, log, repeats });
      log("a separate UDP host may connect (telahubd udp-relay)");
    }
  }

  /** By the port of its own if there is one, as that is one hop less. */
  lease(sinks: Readonly<Record<SessionEnd, FrameSink>>): UdpLease | undefined {
    return this.#own?.lease(sinks) ?? this.hosts?.lease(sinks);
  }

  /** Closes the port and the connections of other hosts. */
  async close(): Promise<void> {
    await Promise.all([this.#udpPort?.close(), this.hosts?.close()]);
  }
}
