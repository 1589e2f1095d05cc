import type { RepeatLog } from "../core/log/mod.ts";
import { type ConnectOptions, type EarlyWrite, TcpError } from "../core/netstack/mod.ts";
import type { ByteStream } from "../core/stream/mod.ts";
import { splice } from "../core/tunnel/mod.ts";
import { type Departure, HeldStream } from "./held_stream.ts";
import type { TunnelSlot } from "./tunnel_slot.ts";

/** Connections that may wait for a tunnel at once; more are closed, the newest first. */
export const MAX_WAITING_CONNECTIONS = 1024;

/** The part of a tunnel that a forwarder uses. */
export interface Dialer {
  /**
   * Opens a connection to a port of the machine.
   *
   * @throws {TcpError} `closed` if the tunnel has ended, so that another may succeed; else the machine
   * refused, or did not answer
   */
  connect(to: ConnectOptions): Promise<ByteStream>;
}

/** Where the tunnel of the moment is. */
export type DialerSlot = Pick<TunnelSlot<Dialer>, "clear" | "current" | "wait">;

/** Options of {@linkcode Forwarder}. */
export interface ForwarderOptions {
  /** Where tunnels come and go. */
  slot: DialerSlot;
  /** Takes each connection that fails. */
  failures: Pick<RepeatLog, "note">;
  /** Receives a line for each connection. */
  debug: (text: string) => void;
}

/** How long a connection is worth waiting for: until its program has left. */
class Wait {
  readonly #abort = new AbortController();
  #finishedEmpty = false;
  #hasTunnel = true;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  giveUp(): void {
    this.#abort.abort();
  }

  /** A program that only listens sends FIN at once; without a tunnel it cannot be told from one that
   * has closed, and its place may be needed. */
  left(departure: Departure): void {
    this.#finishedEmpty = departure === "finished-empty";
    if (!this.#finishedEmpty || !this.#hasTunnel) this.giveUp();
  }

  async forTunnel(slot: DialerSlot): Promise<Dialer> {
    this.#hasTunnel = false;
    if (this.#finishedEmpty) this.giveUp();
    const tunnel = await slot.wait(this.signal);
    this.#hasTunnel = true;
    return tunnel;
  }
}

/** Carries local connections through the tunnel of the moment. */
export class Forwarder {
  readonly #slot: DialerSlot;
  readonly #failures: Pick<RepeatLog, "note">;
  readonly #debug: (text: string) => void;
  /** How to end each connection. */
  readonly #connections = new Set<() => void>();
  #waiting = 0;
  #closed = false;

  /** Starts with no connection. */
  constructor({ slot, failures, debug }: ForwarderOptions) {
    this.#slot = slot;
    this.#failures = failures;
    this.#debug = debug;
  }

  /** Connections now, waiting ones included. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /**
   * Carries a local connection to a port of the machine until it ends; takes the connection. It waits
   * where there is no tunnel, and dials again where the tunnel was lost meanwhile. Never rejects.
   *
   * Spec: client.md 2.2
   */
  async forward(local: ByteStream, remotePort: number): Promise<void> {
    if (this.#closed) return local.abort();
    if (this.#waiting >= MAX_WAITING_CONNECTIONS) {
      const what = `Refused a connection to port ${remotePort}`;
      this.#failures.note({ what, detail: "too many wait for the tunnel" });
      return local.abort();
    }
    let wait: Wait | undefined = new Wait();
    const held = new HeldStream(local, (departure) => wait?.left(departure));
    let remote: ByteStream | undefined;
    const abort = () => {
      wait?.giveUp();
      held.abort();
      remote?.abort();
    };
    this.#connections.add(abort);
    try {
      remote = await this.#dial(remotePort, { wait, held });
      if (remote === undefined || wait.signal.aborted) return abort();
      wait = undefined; // a thousand idle connections need not keep theirs
      held.release();
      this.#debug(`Connection ${held.remoteAddress} to port ${remotePort} open`);
      const end = await splice(held, remote);
      this.#debug(`Connection ${held.remoteAddress} to port ${remotePort} ${end}`);
    } finally {
      this.#connections.delete(abort);
    }
  }

  /** Ends all connections; later ones are refused. */
  close(): void {
    this.#closed = true;
    for (const abort of this.#connections) abort();
  }

  /** A connection to the machine; undefined if there will be none. */
  async #dial(
    port: number,
    { wait, held }: { wait: Wait; held: HeldStream },
  ): Promise<ByteStream | undefined> {
    const { signal } = wait;
    const early = (write: EarlyWrite) => held.offer(write);
    this.#waiting++;
    try {
      for (;;) {
        const tunnel = this.#slot.current ?? await wait.forTunnel(this.#slot);
        try {
          return await tunnel.connect({ port, signal, early });
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof TcpError) || error.code !== "closed") {
            const detail = error instanceof Error ? error.message : String(error);
            const what = `Connection to port ${port} failed`;
            this.#failures.note({ what, detail, which: `for ${detail}` });
            return undefined;
          }
          this.#slot.clear(tunnel);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#waiting--;
    }
    this.#debug(`Connection to port ${port} given up before the tunnel was up`);
    return undefined;
  }
}
