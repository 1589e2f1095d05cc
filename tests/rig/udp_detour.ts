import { isGone } from "./tcp.ts";

const HOSTNAME = "127.0.0.1";

/** Room for any datagram. */
const RECEIVE_BYTES = 65_536;

/** A NAT for UDP in front of the hub: each source gets a port of its own, which may be changed. */
export class UdpDetour implements AsyncDisposable {
  /** Where the hub relays. */
  hubPort: number | undefined;
  /** Whether datagrams of both directions are dropped. */
  blocked = false;
  /** Datagrams that have passed, both ways. */
  passed = 0;
  /** Datagrams that were dropped, as the way was blocked. */
  dropped = 0;
  readonly #near = bind();
  /** By the port of the source: the socket that the hub sees. */
  readonly #mappings = new Map<number, Deno.DatagramConn>();
  readonly #loops: Promise<void>[] = [];

  /** Starts to receive. */
  constructor() {
    this.#loops.push(this.#receive(this.#near, (bytes, from) => this.#toHub(bytes, from)));
  }

  /** Port on 127.0.0.1 that takes the place of the hub's. */
  get port(): number {
    return portOf(this.#near.addr);
  }

  /** Forgets who is behind which port: what comes next goes out by a new one. Gives their number. */
  rebind(): number {
    const count = this.#mappings.size;
    for (const socket of this.#mappings.values()) socket.close();
    this.#mappings.clear();
    return count;
  }

  /** Closes all sockets. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.rebind();
    this.#near.close();
    await Promise.all(this.#loops);
  }

  #toHub(bytes: Uint8Array, source: number): void {
    if (this.hubPort === undefined) return;
    let far = this.#mappings.get(source);
    if (far === undefined) {
      const made = far = bind();
      this.#mappings.set(source, made);
      this.#loops.push(
        this.#receive(made, (answer) => this.#send(this.#near, { bytes: answer, port: source })),
      );
    }
    this.#send(far, { bytes, port: this.hubPort });
  }

  async #send(
    socket: Deno.DatagramConn,
    { bytes, port }: { bytes: Uint8Array; port: number },
  ): Promise<void> {
    this.passed++;
    try {
      await socket.send(bytes.slice(), { transport: "udp", hostname: HOSTNAME, port });
    } catch (error) {
      // What a closed or full socket does not take is lost, as a network may do.
      if (!(error instanceof Error)) throw error;
    }
  }

  async #receive(
    socket: Deno.DatagramConn,
    use: (bytes: Uint8Array, from: number) => void,
  ): Promise<void> {
    const buffer = new Uint8Array(RECEIVE_BYTES);
    for (;;) {
      try {
        const [bytes, from] = await socket.receive(buffer);
        if (this.blocked) this.dropped++;
        else use(bytes, portOf(from));
      } catch (error) {
        if (isGone(error)) return;
        // The port behind an earlier datagram is closed.
        if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      }
    }
  }
}

function bind(): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname: HOSTNAME, port: 0 });
}

function portOf(address: Deno.Addr): number {
  return (address as Deno.NetAddr).port;
}
