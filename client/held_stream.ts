import type { EarlyWrite } from "../core/netstack/mod.ts";
import type { ByteStream } from "../core/stream/mod.ts";

/** What a local program may send ahead before it is made to wait. */
const MAX_HELD_BYTES = 64 * 1024;
const MAX_HELD_CHUNKS = 64;

/**
 * How a program may leave while its connection waits. A FIN with nothing before it is what a program
 * sends that has given up, but also one that only listens; a FIN behind data ends a request.
 */
export type Departure = "broken" | "finished-empty";

/**
 * A local connection that waits for its tunnel: what its program sends meanwhile is kept, and that
 * the program leaves is noticed. Once released it is the connection itself.
 */
export class HeldStream implements ByteStream {
  readonly #inner: ByteStream;
  readonly #onDeparture: (departure: Departure) => void;
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  #heldBytes = 0;
  /** What takes the first chunk before there is a connection. */
  #early: EarlyWrite | undefined;
  /** Bytes of the first chunk that it took. */
  #earlyBytes = 0;
  #pending: Promise<Uint8Array<ArrayBuffer> | null> | undefined;
  #finished = false;
  #holding = true;

  /**
   * Takes an accepted connection and starts holding it.
   *
   * @param onDeparture called once if the program leaves before the release
   */
  constructor(inner: ByteStream, onDeparture: (departure: Departure) => void) {
    this.#inner = inner;
    this.#onDeparture = onDeparture;
    this.#hold();
  }

  /** Address of the local program. */
  get remoteAddress(): string {
    return this.#inner.remoteAddress;
  }

  /** A connection is being opened: what is kept first, now or later, is offered to go with its SYN. */
  offer(write: EarlyWrite): void {
    this.#early = write;
    this.#earlyBytes = 0;
    this.#offerFirst();
  }

  #offerFirst(): void {
    const first = this.#chunks[0];
    if (first !== undefined && this.#earlyBytes === 0) this.#earlyBytes = this.#early?.(first) ?? 0;
  }

  /** Stops holding: from now on a reader reads what did not go with the SYN. */
  release(): void {
    this.#holding = false;
    this.#early = undefined;
    if (this.#earlyBytes === 0) return;
    const rest = this.#chunks[0]!.subarray(this.#earlyBytes);
    if (rest.length > 0) this.#chunks[0] = rest;
    else this.#chunks.shift();
  }

  /** As of the connection; begins with what was kept. */
  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) return chunk;
    if (this.#finished) return null;
    const pending = this.#pending;
    this.#pending = undefined;
    return await (pending ?? this.#inner.read());
  }

  /** As of the connection. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#inner.write(bytes);
  }

  /** As of the connection. */
  closeWrite(): Promise<void> {
    return this.#inner.closeWrite();
  }

  /** As of the connection. */
  close(): void {
    this.#holding = false;
    this.#inner.close();
  }

  /** As of the connection. */
  abort(): void {
    this.#holding = false;
    this.#inner.abort();
  }

  async #hold(): Promise<void> {
    while (this.#heldBytes < MAX_HELD_BYTES && this.#chunks.length < MAX_HELD_CHUNKS) {
      this.#pending = this.#inner.read();
      const chunk = await this.#pending.catch(() => "broken" as const);
      if (!this.#holding) return;
      if (chunk === "broken") return this.#onDeparture("broken");
      this.#pending = undefined;
      if (chunk === null) {
        this.#finished = true;
        return this.#chunks.length === 0 ? this.#onDeparture("finished-empty") : undefined;
      }
      this.#chunks.push(chunk.slice());
      this.#heldBytes += chunk.length;
      this.#offerFirst();
    }
  }
}
