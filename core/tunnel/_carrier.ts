import type { Packet, PacketPool, Random } from "../bytes/mod.ts";
import type { Clock, Timer } from "../clock/mod.ts";
import type { ControlMessage, UdpOffer } from "../control/mod.ts";
import { type Carrier, type HubSocket, SessionPath } from "../path/mod.ts";

/** WebSocket close code of an end that has done what it wanted. Spec: RFC 6455 §7.4.1 */
const NORMAL_CLOSURE = 1000;

/**
 * How long a socket may be attached without the peer proving to be behind it. The first one, as long
 * as signalling may take; a later one, two tries of a handshake, which are 5 s apart, and a slow path.
 */
const FIRST_PROOF_TIMEOUT_MS = 45_000;
const PROOF_TIMEOUT_MS = 15_000;

/** What a {@linkcode SocketCarrier} tells its tunnel; each call names the carrier it is about. */
export interface CarrierHandler {
  /** A WireGuard message, borrowed until the call returns; it may be changed in place. */
  datagram(
    carrier: SocketCarrier,
    bytes: Uint8Array<ArrayBuffer>,
    start: number,
    end: number,
  ): void;
  /** All messages of one read have been handed over. */
  batchEnd(): void;
  /** The queue became long enough, or short again: see {@linkcode Carrier.congested}. */
  congestion(carrier: SocketCarrier): void;
  /** The peer has answered a {@linkcode SocketCarrier.request}. */
  answered(carrier: SocketCarrier): void;
  /** The hub offers to relay by UDP. */
  offer(carrier: SocketCarrier, offer: UdpOffer): void;
  /** A control message of the peer or the hub, in order. */
  message(carrier: SocketCarrier, message: ControlMessage): void;
  /** It carries nothing any more, and why; not called after {@linkcode SocketCarrier.close}. */
  ended(carrier: SocketCarrier, reason: string): void;
}

/** Options of {@linkcode SocketCarrier}. */
export interface CarrierOptions {
  /** Socket of the session, behind its signalling; taken. */
  socket: HubSocket;
  /** Where sent packets come from and go back to. */
  pool: PacketPool;
  /** Times the keepalives. */
  clock: Clock;
  /** Chooses the session id in the frames. */
  random: Random;
  /** Told what happens. */
  handler: CarrierHandler;
}

/** One socket under a tunnel: its path, its control messages and its end. */
export class SocketCarrier implements Carrier {
  readonly kind = "websocket";
  /** Whether data should wait, as the queue is long enough. */
  congested = false;
  readonly #socket: HubSocket;
  readonly #path: SessionPath;
  readonly #clock: Clock;
  readonly #handler: CarrierHandler;
  #limit: Timer | undefined;
  #ended = false;

  /** Carries nothing until {@linkcode SocketCarrier.open}. */
  constructor({ socket, pool, clock, random, handler }: CarrierOptions) {
    this.#socket = socket;
    this.#clock = clock;
    this.#handler = handler;
    const congestion = (congested: boolean) => {
      this.congested = congested;
      if (!this.#ended) handler.congestion(this);
    };
    this.#path = new SessionPath({
      socket,
      pool,
      clock,
      random,
      handler: {
        datagram: (bytes, start, end) => {
          if (!this.#ended) handler.datagram(this, bytes, start, end);
        },
        batchEnd: () => handler.batchEnd(),
        congested: () => congestion(true),
        writable: () => congestion(false),
        answered: () => handler.answered(this),
        offer: (offer) => {
          if (!this.#ended) handler.offer(this, offer);
        },
      },
    });
  }

  /** The hub, or the proxy before it, as `host:port`. */
  get remote(): string {
    return this.#socket.remoteAddress;
  }

  /** Where the hub may be reached by other means: the host it was dialled by, if it was dialled. */
  get urlHost(): string | undefined {
    return this.#socket.urlHost;
  }

  /** Hands over what came early, and what comes from now on. */
  open(): void {
    this.#path.open();
    this.#watch();
  }

  /** Asks the peer for a sign of life. */
  request(): void {
    this.#path.request();
  }

  /** Asks the hub for a sign of life, and the peer again if it does not ask by itself. */
  probeNow(): void {
    this.#socket.probeNow();
  }

  /** Sends a control message to the peer. */
  tell(message: ControlMessage): void {
    this.#socket.send(message);
  }

  /** Sends a WireGuard message; takes the packet. */
  send(packet: Packet): void {
    this.#path.send(packet);
  }

  /** Fails unless {@linkcode SocketCarrier.keep} is called in time, which is more for the first one. */
  limit({ isFirst }: { isFirst: boolean }): void {
    const limitMs = isFirst ? FIRST_PROOF_TIMEOUT_MS : PROOF_TIMEOUT_MS;
    const reason = `the peer did not prove itself within ${limitMs / 1000} s`;
    this.#limit = this.#clock.setTimer(() => this.fail(reason), limitMs);
  }

  /** Lifts the limit. */
  keep(): void {
    this.#limit?.cancel();
  }

  /** Ends it, and tells the tunnel. */
  fail(reason: string): void {
    if (this.#ended) return;
    this.close();
    this.#handler.ended(this, reason);
  }

  /** Ends it and its socket, silently. */
  close(): void {
    this.#stop();
    this.#socket.close();
  }

  /** Tells the peer that we leave for good, behind all that was sent, and ends. */
  leave(): void {
    if (this.#ended) return;
    this.#socket.send({ type: "peer-leave" });
    this.#stop();
    this.#socket.close(NORMAL_CLOSURE, "leaving");
  }

  #stop(): void {
    this.#ended = true;
    this.keep();
    this.#path.close();
  }

  async #watch(): Promise<void> {
    for (let m = await this.#socket.next(); m !== undefined; m = await this.#socket.next()) {
      if (this.#ended) break;
      this.#handler.message(this, m);
    }
    const { code, reason } = await this.#socket.closed;
    this.fail(`the hub connection ended (${code}${reason && ` ${reason}`})`);
  }
}
