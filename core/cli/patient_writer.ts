import type { Clock } from "../clock/mod.ts";

/** What may wait for a reader, in bytes; texts beyond it are lost. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Writes some of `bytes` and gives how many, as `Deno.stderr.write` does. */
export type Write = (bytes: Uint8Array) => Promise<number>;

/** Written by one call at most, in bytes: what a pipe holds; a call is over once all of it is taken. */
const PIECE_BYTES = 64 * 1024;

/** How long a reader is waited for. */
export interface Patience {
  /** Times the wait. */
  clock: Clock;
  /** Longest time in which nothing is taken, in ms. */
  patienceMs: number;
}

const encoder = new TextEncoder();

/**
 * Writes texts in order without ever holding up the program. Whoever reads a log may stop to, as a
 * terminal does while text is selected in it, go away, or have no room on its disk: that must stop no
 * tunnel. What cannot be written is lost, and how much is written as soon as something can be.
 */
export class PatientWriter {
  readonly #write: Write;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #onTaken = () => {};
  #writing: Promise<void> | undefined;

  /** Writes by `write`, one call at a time. */
  constructor(write: Write) {
    this.#write = write;
  }

  /** Takes a text to be written. */
  write(text: string): void {
    const bytes = encoder.encode(text);
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#lost++;
      return;
    }
    this.#push(bytes);
    this.#writing ??= this.#writeWaiting();
  }

  /** Resolves once nothing waits any more, or, with a patience, once that is at its end. */
  async flush(patience?: Patience): Promise<void> {
    if (patience === undefined) return await this.#writing;
    const { clock, patienceMs } = patience;
    const late = Promise.withResolvers<void>();
    const arm = () => clock.setTimer(late.resolve, patienceMs);
    let timer = arm();
    this.#onTaken = () => {
      timer.cancel();
      timer = arm();
    };
    await Promise.race([this.#writing, late.promise]);
    this.#onTaken = () => {};
    timer.cancel();
  }

  async #writeWaiting(): Promise<void> {
    for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) {
      const wasLost = this.#lost;
      if (!await this.#writeOne(text)) this.#lost++;
      else if (wasLost > 0 && this.#waiting.length === 0) {
        this.#lost -= wasLost;
        this.#push(encoder.encode(`(${wasLost} texts are missing before this)\n`));
      }
      this.#waitingBytes -= text.length;
    }
    this.#writing = undefined;
  }

  #push(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  async #writeOne(text: Uint8Array): Promise<boolean> {
    try {
      for (let sent = 0; sent < text.length;) {
        const count = await this.#write(text.subarray(sent, sent + PIECE_BYTES));
        sent += count;
        this.#onTaken();
      }
      return true;
    } catch {
      // There is nowhere left to say so but here, once there is room again.
      return false;
    }
  }
}
