import { encodeHex } from "../core/bytes/mod.ts";
import type { Timer } from "../core/clock/mod.ts";
import type { ControlMessage } from "../core/control/mod.ts";
import {
  agentHello,
  type AgentIdentity,
  FEATURE_RESUME,
  ownFeatures,
} from "../core/identity/mod.ts";
import { defectText } from "../core/log/mod.ts";
import type { HubSocket, PathKind, StunServer } from "../core/path/mod.ts";
import type { MachineConfig } from "./config.ts";
import { Forwarder } from "./forwarder.ts";
import { capabilitiesOf } from "./register.ts";
import { type KeyPair, reasonOf, type SessionTunnel, type Surroundings } from "./surroundings.ts";

/**
 * Once the hub is back, a client that goes on by another path has at least this long to come: it asks
 * every 3.75 s at the most, and the machine may not be registered yet when it first does.
 */
const LEAST_RETURN_MS = 10_000;

/** What all sessions of a machine have in common. */
export interface SessionSettings {
  /** The machine that clients ask for. */
  machine: MachineConfig;
  /** Largest IP packet sent, in bytes. */
  mtuBytes: number;
  /** How long a session waits for a client that has lost its connection, in ms; 0 for not at all. */
  graceMs: number;
  /** Paths to send by; undefined for all. */
  paths?: readonly PathKind[] | undefined;
  /** STUN servers besides the hub. Default: none. */
  stunServers?: readonly StunServer[] | undefined;
  /** Whether the agent itself is without its hub, so that no client can come back. */
  hubIsAway: () => boolean;
  /** Who this agent is. */
  identity: AgentIdentity;
  /** Clock, log, and how the rest is reached. */
  surroundings: Surroundings;
}

/** Options of {@linkcode Session}. */
export interface SessionOptions extends SessionSettings {
  /** 1 to 254; selects the addresses inside the tunnel. */
  sessionIdx: number;
  /** The client's X25519 key, 32 bytes. */
  peerPublicKey: Uint8Array;
  /** The only ports that the hub lets the client reach; undefined for all of the machine's. */
  allowedPorts?: readonly number[] | undefined;
}

/**
 * One client: a tunnel with keys of its own, and what is forwarded through it. It lasts as long as the
 * client holds on to its key: when the socket is lost, a client of ours comes back by another within
 * the grace time, and its connections go on.
 *
 * Spec: agent.md 2 (Sessions), design.md decision 3
 */
export class Session {
  /** Resolves with the reason once it has ended and nothing of it is left; never rejects. */
  readonly closed: Promise<string>;
  readonly #settings: SessionSettings;
  readonly #keys: KeyPair;
  readonly #peerPublicKey: Uint8Array;
  readonly #allowedPorts: ReadonlySet<number> | undefined;
  readonly #ports: readonly number[];
  readonly #tunnel: SessionTunnel;
  #peerResumes = false;
  #isOurs = false;
  #wasUp = false;
  #ended = false;
  #grace: Timer | undefined;
  #waitingSinceMs: number | undefined;

  /**
   * Starts to forward; nothing comes before {@linkcode Session.answer}.
   *
   * @throws {RangeError} if the client's key is none
   */
  constructor({ sessionIdx, peerPublicKey, allowedPorts, ...settings }: SessionOptions) {
    const { surroundings, mtuBytes, graceMs, paths, stunServers, machine } = settings;
    this.#settings = settings;
    this.#allowedPorts = allowedPorts && new Set(allowedPorts);
    this.#ports = machine.ports.filter((port) => this.#allowedPorts?.has(port) ?? true);
    this.#peerPublicKey = peerPublicKey;
    this.#keys = surroundings.newKeys();
    this.#tunnel = surroundings.openTunnel({
      sessionIdx,
      privateKey: this.#keys.privateKey,
      peerPublicKey,
      mtuBytes,
      graceMs,
      paths,
      stunServers,
      handler: {
        up: () => this.#onUp(),
        waiting: (reason) => this.#onWaiting(reason),
        message: (message) => this.#onMessage(message),
        defect: (error) =>
          surroundings.log(`a connection was reset by a defect: ${defectText(error)}`),
      },
    });
    this.closed = this.#serve();
  }

  /** Whether it has ended, or is about to. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether its client has ever proved to hold the key that it came with. */
  get wasUp(): boolean {
    return this.#wasUp;
  }

  /** Whether it outlives the connection to the hub, as its client comes back. */
  get resumes(): boolean {
    return !this.#ended && this.#peerResumes;
  }

  /** Since when it waits for its client; undefined while it does not. */
  get waitingSinceMs(): number | undefined {
    return this.#waitingSinceMs;
  }

  /** Whether the hub lets its client reach these ports, no more and no fewer. */
  isFor(allowedPorts: readonly number[] | undefined): boolean {
    const asked = allowedPorts && new Set(allowedPorts);
    if (asked === undefined || this.#allowedPorts === undefined) {
      return asked === this.#allowedPorts;
    }
    return asked.symmetricDifference(this.#allowedPorts).size === 0;
  }

  /** Answers a client by a socket that the hub has paired with it, and goes on by it; takes it. */
  answer(socket: HubSocket): void {
    const { machine, identity, graceMs } = this.#settings;
    const { publicKey } = this.#keys;
    const features = ownFeatures({ resumes: graceMs > 0 });
    // Before the tunnel, whose first frame a client can use only once it has the key.
    socket.send({
      type: "wg-pubkey",
      wgPubKey: encodeHex(publicKey),
      ports: [...this.#ports],
      capabilities: capabilitiesOf(identity),
    });
    const keys = { agentKey: publicKey, clientKey: this.#peerPublicKey };
    socket.send(agentHello(identity, { machine: machine.name, ...keys, features }));
    this.#tunnel.attach(socket);
  }

  /** The hub can be asked again: a client that another path leads to has time to do so from now on. */
  hubIsBack(): void {
    if (this.#grace === undefined || this.#tunnel.state !== "up") return;
    this.#grace.cancel();
    this.#startGrace(Math.max(this.#settings.graceMs, LEAST_RETURN_MS));
  }

  /** Ends it; a client of ours is told that it need not wait. */
  end(reason: string): void {
    if (this.#isOurs) this.#tunnel.leave(reason);
    else this.#tunnel.end(reason);
  }

  /**
   * Forwards those of the machine's ports that the client may reach, until the tunnel has ended; gives
   * the reason. Connections to others are reset, as nothing listens there.
   */
  async #serve(): Promise<string> {
    const { machine, surroundings } = this.#settings;
    const forwarder = new Forwarder({ target: machine.target, surroundings });
    for (const port of this.#ports) {
      try {
        forwarder.serve(this.#tunnel.listen({ port }), port);
      } catch (error) {
        surroundings.log(`cannot listen on port ${port} in the tunnel: ${reasonOf(error)}`);
      }
    }
    const reason = await this.#tunnel.closed;
    this.#ended = true;
    this.#stopWaiting();
    await forwarder.close();
    return reason;
  }

  #onUp(): void {
    this.#stopWaiting();
    this.#settings.surroundings.log(this.#wasUp ? "resumed" : "tunnel open");
    this.#wasUp = true;
  }

  #onWaiting(reason: string): void {
    const { surroundings: { clock, log }, graceMs } = this.#settings;
    if (!this.#peerResumes || graceMs === 0 || !this.#wasUp) return this.#tunnel.end(reason);
    // Whatever came since the client was last heard does not make the time longer.
    if (this.#grace !== undefined) return;
    const seconds = graceMs / 1000;
    log(`waits up to ${seconds} s for its client: ${reason}`);
    this.#waitingSinceMs = clock.nowMs();
    this.#startGrace(graceMs);
  }

  /**
   * The hub alone knows whether the client still may come: as soon as it can be asked, the client has to
   * come back in time. While it is away, what goes on by another path may do so.
   */
  #startGrace(waitMs: number): void {
    const { surroundings: { clock }, graceMs, hubIsAway } = this.#settings;
    this.#grace = clock.setTimer(() => {
      if (hubIsAway() && this.#tunnel.state === "up") return this.#startGrace(graceMs);
      this.#tunnel.end(`its client did not come back within ${waitMs / 1000} s`);
    }, waitMs);
  }

  #stopWaiting(): void {
    this.#grace?.cancel();
    this.#grace = undefined;
    this.#waitingSinceMs = undefined;
  }

  /** A hello counts even before its sender is proven: a false one only makes the session wait. */
  #onMessage(message: ControlMessage): void {
    if (message.type !== "peer-hello") return;
    this.#isOurs = true;
    if (message.features?.includes(FEATURE_RESUME)) this.#peerResumes = true;
  }
}
