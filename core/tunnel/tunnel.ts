import type { Packet, PacketPool, Random } from "../bytes/mod.ts";
import type { Clock } from "../clock/mod.ts";
import type { ControlMessage, UdpOffer } from "../control/mod.ts";
import { FEATURE_PATHS, FEATURE_SYN_DATA } from "../identity/mod.ts";
import type { ConnectOptions, Netstack, TcpConn, TcpListener } from "../netstack/mod.ts";
import {
  type Carrier,
  type HubSocket,
  PATH_KINDS,
  type PathKind,
  Paths,
  type PathsHandler,
  TunnelUdp,
  type TunnelUdpOptions,
  type UdpSystem,
} from "../path/mod.ts";
import type { WireGuard } from "../wireguard/mod.ts";
import { type CarrierHandler, SocketCarrier } from "./_carrier.ts";
import { Deadline } from "./_deadline.ts";
import { addressesOf, makeNetstack, makeWireGuard, packetPool } from "./_layers.ts";
import type { TunnelHandler, TunnelOptions, TunnelRole } from "./options.ts";
import type { PeerStatus, TunnelStatus } from "./status.ts";
import { placeOffer } from "./relay_hosts.ts";

/**
 * One session between agent and client: TCP connections over WireGuard, over the sockets it is given
 * one after the other. Keys and connections are the tunnel's and outlive every socket; while there is
 * none, connections wait.
 *
 * A socket is `#candidate` until a message that WireGuard accepts has come by it, and `#carrier` from
 * then on. So nobody without the peer's key can take the place of a socket that works, whatever is
 * attached.
 *
 * Spec: wire.md 3.4, 3.5, design.md decision 3
 */
export class Tunnel {
  /** Resolves with the reason once the tunnel has ended; never rejects. */
  readonly closed: Promise<string>;
  /** Who is at the other end, as its owner has found out; for the status only. */
  peer: PeerStatus = { kind: "unknown", verified: "unverified" };
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #handler: TunnelHandler;
  readonly #pool: PacketPool;
  readonly #wireguard: WireGuard;
  readonly #netstack: Netstack;
  readonly #resolveClosed: (reason: string) => void;
  readonly #role: TunnelRole;
  readonly #paths: Paths;
  readonly #udp: TunnelUdp | undefined;
  /** The socket behind which the peer is. */
  #carrier: SocketCarrier | undefined;
  /** Attached, and not proven yet. */
  #candidate: SocketCarrier | undefined;
  /** By which the message came that is being handled, and by which its answer goes. */
  #answering: Carrier | undefined;
  readonly #deadline: Deadline;
  #ups = 0;
  #ended = false;
  readonly #carrierHandler: CarrierHandler = {
    datagram: (carrier, bytes, start, end) => this.#receive(carrier, bytes, start, end),
    batchEnd: () => this.#flush(),
    congestion: (carrier) => this.#onCongestion(carrier),
    answered: (carrier) => this.#paths.requestAnswered(carrier),
    offer: (carrier, offer) => this.#onOffer(carrier, offer),
    message: (carrier, message) => this.#onMessage(carrier, message),
    ended: (carrier, reason) => this.#onEnded(carrier, reason),
  };

  /**
   * Joins the layers. The tunnel waits until a socket is attached.
   *
   * @throws {RangeError} if a key has a wrong length or is a low-order point, or the MTU is bad
   */
  constructor(options: TunnelOptions) {
    const { role, mtuBytes, clock, random, handler = {}, paths: kinds = PATH_KINDS } = options;
    const closed = Promise.withResolvers<string>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    this.#clock = clock;
    this.#random = random;
    this.#handler = handler;
    this.#role = role;
    this.#pool = packetPool(mtuBytes);
    this.#netstack = makeNetstack(options, {
      pool: this.#pool,
      output: (packet) => this.#sendPacket(packet),
    });
    this.#netstack.pause();
    this.#wireguard = makeWireGuard(options, {
      pool: this.#pool,
      send: (packet) => this.#sendMessage(packet),
      deliver: (bytes, start, end) => {
        if (this.#paths.inner(this.#answering!, bytes, start, end)) return;
        this.#netstack.input(bytes, start, end, clock.nowMs());
      },
    });
    this.#deadline = new Deadline(clock, {
      nextMs: () => this.#ended || this.#isBare ? Infinity : this.#wireguard.nextDeadlineMs(),
      run: (nowMs) => this.#wireguard.tick(nowMs),
    });
    this.#paths = new Paths({
      pool: this.#pool,
      clock,
      random,
      mtuBytes,
      kinds,
      addresses: addressesOf(options),
      asksFirst: role === "client",
      handler: this.#pathsHandler(),
    });
    const isDirectWanted = kinds.includes("direct");
    const { udp, stunServers } = options;
    if (udp !== undefined && (isDirectWanted || kinds.includes("udp-relay"))) {
      this.#udp = this.#makeUdp(udp, { isDirectWanted, stunServers });
    }
  }

  /** `up` while a path to the peer works, else `waiting`, until it has ended. */
  get state(): "ended" | "up" | "waiting" {
    if (this.#ended) return "ended";
    return this.#paths.current === undefined ? "waiting" : "up";
  }

  /** How often it went on by another socket. */
  get resumes(): number {
    return Math.max(0, this.#ups - 1);
  }

  /** The truth about it. */
  status(): TunnelStatus {
    const nowMs = this.#clock.nowMs();
    const { ackedBytes: sentBytes, receivedBytes } = this.#netstack.progress;
    const { lastReceivedMs } = this.#wireguard.stats;
    const { state, resumes, peer } = this;
    const note = this.#udp?.note;
    return {
      ...{ state, ...this.#paths.status(nowMs), sentBytes, receivedBytes },
      ...(lastReceivedMs !== -Infinity && { heardAgoMs: nowMs - lastReceivedMs }),
      ...{ resumes, peer, ...(note !== undefined && { note }) },
    };
  }

  /**
   * What a `peer-hello` offers that the owner has read; one that comes later is noticed here. Forged by a
   * hub, it costs questions and bytes for nothing.
   */
  peerOffers(features: readonly string[]): void {
    if (features.includes(FEATURE_SYN_DATA)) this.#netstack.useSynData();
    if (!features.includes(FEATURE_PATHS)) return;
    this.#paths.peerIsOurs();
    this.#udp?.peerIsOurs();
  }

  /** The machine slept or its network changed: asks at once whether anything is still there. */
  probeNow(): void {
    this.#carrier?.probeNow();
    this.#paths.probeNow();
    this.#udp?.refresh();
  }

  /** Sends by the path of this kind, if it works, until measuring shows a better one. */
  usePath(kind: PathKind): void {
    this.#paths.use(kind);
  }

  /**
   * Goes on by a socket, behind its signalling; takes it. It replaces the one in use as soon as the
   * peer has proved to be behind it, and one that is still to prove it at once.
   */
  attach(socket: HubSocket): void {
    if (this.#ended) return socket.close();
    this.#candidate?.close();
    const carrier = new SocketCarrier({
      socket,
      pool: this.#pool,
      clock: this.#clock,
      random: this.#random,
      handler: this.#carrierHandler,
    });
    this.#candidate = carrier;
    carrier.limit({ isFirst: this.#ups === 0 });
    this.#prove(carrier);
    carrier.open();
  }

  /** Opens a TCP connection to a port of the peer. */
  connect(options: ConnectOptions): Promise<TcpConn> {
    this.#paths.wanted();
    return this.#netstack.connect(options);
  }

  /** Listens for TCP connections of the peer, each handed over at its SYN. */
  listen(options: { port: number }): TcpListener {
    return this.#netstack.listen({ ...options, atSyn: true });
  }

  /** Ends the tunnel and its sockets; every connection through it is reset. */
  close(): void {
    this.end("closed");
  }

  /**
   * Ends it as {@linkcode Tunnel.end} does, and tells the peer that it need not wait for us. Not for a
   * reference peer, which would not understand.
   */
  leave(reason: string): void {
    this.#end(reason, () => this.#carrier?.leave());
  }

  /** Ends it for a reason, with which {@linkcode Tunnel.closed} resolves. */
  end(reason: string): void {
    this.#end(reason, () => this.#carrier?.close());
  }

  #end(reason: string, closeCarrier: () => void): void {
    if (this.#ended) return;
    this.#netstack.close();
    this.#ended = true;
    this.#deadline.stop();
    this.#wireguard.close();
    this.#paths.close();
    this.#udp?.close();
    this.#candidate?.close();
    closeCarrier();
    this.#candidate = this.#carrier = undefined;
    this.#resolveClosed(reason);
  }

  /** Whether nothing can be sent at all: WireGuard's timers stand still, they would fire for nothing. */
  get #isBare(): boolean {
    return this.#paths.current === undefined && this.#candidate === undefined;
  }

  #pathsHandler(): PathsHandler {
    return {
      seal: (packet, carrier) => this.#sendBy(carrier, packet),
      isReady: () => this.#wireguard.stats.sessions > 0,
      changed: (path, { isOther }) => this.#onPath(path, isOther),
      progress: () => this.#netstack.progress,
      request: (carrier) => carrier === this.#carrier && this.#carrier.request(),
      silent: (carrier) => {
        if (carrier === this.#carrier) this.#carrier.fail("the peer does not answer");
        else this.#udp?.died(carrier);
      },
      answered: (seq) => this.#udp?.answered(seq),
      woke: () => this.probeNow(),
      event: (event) => this.#handler.path?.(event),
    };
  }

  #makeUdp(
    system: UdpSystem,
    options: Pick<TunnelUdpOptions, "isDirectWanted" | "stunServers">,
  ): TunnelUdp {
    return new TunnelUdp({
      role: this.#role,
      ...options,
      system,
      pool: this.#pool,
      clock: this.#clock,
      random: this.#random,
      handler: {
        datagram: (carrier, bytes, start, end) => this.#receive(carrier, bytes, start, end),
        batchEnd: () => this.#flush(),
        reached: (carrier) => this.#paths.add(carrier),
        lost: (carrier) => this.#paths.remove(carrier),
        networkChanged: () => this.probeNow(),
        probe: (carrier, seq) => this.#paths.probe(carrier, seq),
        announce: (message) => (this.#carrier ?? this.#candidate)?.tell(message),
        congestion: (carrier) => this.#onCongestion(carrier),
        refused: (carrier, packet) => this.#paths.refused(carrier, packet),
      },
    });
  }

  #onOffer(carrier: SocketCarrier, offer: UdpOffer): void {
    if (carrier !== this.#carrier && carrier !== this.#candidate) return;
    this.#udp?.offer(placeOffer(this.#role, { offer, carrier }));
  }

  #onCongestion(carrier: Carrier): void {
    if (carrier === this.#paths.current) this.#applyCongestion();
  }

  #onPath(path: { mtuBytes: number } | undefined, isOther: boolean): void {
    if (path !== undefined) {
      this.#netstack.setMtu(path.mtuBytes);
      this.#wireguard.setMtu(path.mtuBytes);
    }
    this.#applyCongestion();
    if (path !== undefined && isOther) this.#netstack.pathChanged();
    if (this.#isBare) this.#deadline.stop();
    else this.#deadline.arm();
  }

  /** Seals an inner packet and sends it, and what WireGuard sends instead, by `carrier`. */
  #sendBy(carrier: Carrier, packet: Packet): void {
    const nowMs = this.#clock.nowMs();
    const before = this.#answering;
    this.#answering = carrier;
    this.#wireguard.send(packet, nowMs);
    this.#answering = before;
    this.#deadline.arm();
  }

  /** Sends what only we can have sent: by it the peer knows that we are behind the carrier. */
  #prove(carrier: SocketCarrier): void {
    const nowMs = this.#clock.nowMs();
    this.#answering = carrier;
    this.#wireguard.tick(nowMs);
    if (this.#wireguard.stats.sessions === 0) this.#wireguard.initiate(nowMs);
    else this.#wireguard.send(this.#pool.take(), nowMs);
    this.#answering = undefined;
    this.#deadline.arm();
  }

  /** Returns whether the message is authentic. */
  #receive(
    carrier: Carrier,
    bytes: Uint8Array<ArrayBuffer>,
    start: number,
    end: number,
  ): boolean {
    this.#answering = carrier;
    const result = this.#wireguard.receive(bytes, start, end, this.#clock.nowMs());
    this.#answering = undefined;
    if (result !== "data" && result !== "keepalive" && result !== "handshake") return false;
    if (carrier === this.#candidate) this.#useCandidate();
    this.#paths.received(carrier, end - start);
    return true;
  }

  #useCandidate(): void {
    this.#carrier?.close();
    this.#carrier = this.#candidate;
    this.#candidate = undefined;
    this.#carrier?.keep();
    this.#ups++;
    this.#udp?.refresh();
    this.#paths.add(this.#carrier!, { proven: true });
    this.#handler.up?.();
  }

  #applyCongestion(): void {
    if (this.#paths.current?.congested !== false) this.#netstack.pause();
    else this.#netstack.resume();
  }

  #onMessage(carrier: SocketCarrier, message: ControlMessage): void {
    const proven = carrier === this.#carrier;
    // Whoever is paired with us can have sent these: they count as far as the peer has proved itself.
    if (message.type === "session-end") {
      if (proven && message.final) this.end("the hub has withdrawn the right to it");
      else carrier.fail("the peer's connection to the hub ended");
    } else if (message.type === "peer-leave") {
      if (proven) this.end("the peer has left");
      else carrier.fail("the peer has left");
    } else {
      if (message.type === "peer-endpoint" || message.type === "peer-candidates") {
        return this.#udp?.heardOf(message);
      }
      if (message.type === "peer-hello") this.peerOffers(message.features ?? []);
      this.#handler.message?.(message, { proven });
    }
  }

  #onEnded(carrier: SocketCarrier, reason: string): void {
    if (carrier === this.#candidate) this.#candidate = undefined;
    else if (carrier === this.#carrier) {
      this.#carrier = undefined;
      this.#paths.remove(carrier);
    }
    if (this.#carrier !== undefined || this.#candidate !== undefined || this.#ended) return;
    this.#handler.waiting?.(reason);
  }

  #sendPacket(packet: Packet): void {
    // What goes out without a carrier is not data, and TCP makes it anew when there is one.
    if (this.#isBare) return this.#pool.give(packet);
    const nowMs = this.#clock.nowMs();
    this.#paths.dataSent();
    this.#wireguard.send(packet, nowMs);
    this.#deadline.arm();
  }

  #sendMessage(packet: Packet): void {
    const carrier = this.#answering ?? this.#paths.current ?? this.#candidate;
    if (carrier === undefined) return this.#pool.give(packet);
    this.#paths.sending(carrier, packet.lenBytes);
    carrier.send(packet);
  }

  #flush(): void {
    if (this.#ended) return;
    const nowMs = this.#clock.nowMs();
    this.#netstack.flush(nowMs);
    this.#deadline.arm();
  }
}
