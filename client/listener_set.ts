import type { Log } from "../core/log/mod.ts";
import type { ByteStream, TcpAddress } from "../core/stream/mod.ts";
import { type Mapping, portLabel } from "./ports.ts";

/** A wanted port that is taken, or needs a privilege, is replaced from here upwards. */
const FALLBACK_OFFSET = 10_000;
const MAX_PORT = 65_535;

/** Nothing wider: whoever may connect to the listener reaches the machine. */
const BIND_HOST = "127.0.0.1";

/** The part of a TCP listener used here. */
export interface LocalServer {
  /** Port it listens on. */
  readonly port: number;
  /** Stops listening. */
  close(): void;
}

/**
 * Listens, giving each connection to `accept`; rejects if the port cannot be had. `onRoom` is told when
 * there are no file descriptors for more connections, and when there are again.
 */
export type Listen = (
  address: TcpAddress,
  accept: (stream: ByteStream) => void,
  options: { onRoom: (hasRoom: boolean) => void },
) => Promise<LocalServer>;

/** Options of {@linkcode ListenerSet}. */
export interface ListenerSetOptions {
  /** Opens the listeners. */
  listen: Listen;
  /** Takes each accepted connection, with the port it came to and that of the machine it is for. */
  accept: (stream: ByteStream, bound: Mapping) => void;
  /** Is told of each port that is bound. */
  onBound?: (bound: Mapping) => void;
  /** Receives the list of what is bound. */
  log: Log;
}

/** The local ports of a machine's services. They stay while tunnels come and go. */
export class ListenerSet {
  readonly #listen: Listen;
  readonly #accept: (stream: ByteStream, bound: Mapping) => void;
  readonly #onBound: (bound: Mapping) => void;
  readonly #log: Log;
  readonly #servers = new Map<string, LocalServer>();
  #hasRoom = true;
  #closed = false;

  /** Starts with none bound. */
  constructor({ listen, accept, log, onBound = () => {} }: ListenerSetOptions) {
    this.#listen = listen;
    this.#accept = accept;
    this.#onBound = onBound;
    this.#log = log;
  }

  /** Listeners that are bound. */
  get size(): number {
    return this.#servers.size;
  }

  /**
   * Binds the mappings that are not bound yet and logs where. A wanted port that cannot be had is
   * replaced by the first free one from 10,000 above it; a mapping without any is skipped.
   *
   * Deviation: the log names the wanted local port as the one in use, the reference the remote one.
   *
   * Spec: client.md 2.2
   */
  async bind(mappings: readonly Mapping[]): Promise<void> {
    const missing = mappings.filter((mapping) => !this.#servers.has(keyOf(mapping)));
    if (missing.length === 0) return;
    const lines: string[] = [];
    for (const mapping of missing) lines.push(await this.#bindOne(mapping));
    if (this.#closed) return;
    this.#log("Services available:");
    for (const line of lines) this.#log(`  ${line}`);
  }

  /** Stops listening everywhere, for good. */
  close(): void {
    this.#closed = true;
    for (const server of this.#servers.values()) server.close();
    this.#servers.clear();
  }

  async #bindOne(mapping: Mapping): Promise<string> {
    const { local, remote } = mapping;
    let firstError: unknown;
    for (const port of candidates(local)) {
      try {
        const address = { hostname: BIND_HOST, port };
        const server = await this.#listen(
          address,
          (stream) => this.#accept(stream, { local: port, remote }),
          { onRoom: (hasRoom) => this.#onRoom(hasRoom) },
        );
        this.#keep(mapping, { server, port });
        const remapped = port === local ? "" : ` (port ${local} in use, remapped)`;
        return `localhost:${String(port).padEnd(5)} → ${portLabel(remote)}${remapped}`;
      } catch (error) {
        firstError ??= error;
      }
      if (this.#closed) break;
    }
    const reason = firstError instanceof Error ? firstError.message : String(firstError);
    return `SKIP port ${local} → ${portLabel(remote)}: ${reason}`;
  }

  /** All listeners run out of file descriptors together; the first to say so speaks for them. */
  #onRoom(hasRoom: boolean): void {
    if (hasRoom === this.#hasRoom) return;
    this.#hasRoom = hasRoom;
    this.#log(
      hasRoom
        ? "New local connections are accepted again"
        : "Too many open files: new local connections are refused until others end; raise the " +
          "limit, as by ulimit -n",
    );
  }

  #keep(mapping: Mapping, { server, port }: { server: LocalServer; port: number }): void {
    if (this.#closed) return server.close();
    this.#servers.set(keyOf(mapping), server);
    this.#onBound({ local: port, remote: mapping.remote });
  }
}

function keyOf({ local, remote }: Mapping): string {
  return `${local}:${remote}`;
}

function* candidates(wanted: number): Generator<number> {
  yield wanted;
  for (let port = wanted + FALLBACK_OFFSET; port <= MAX_PORT; port++) yield port;
}
