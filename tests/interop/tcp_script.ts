/**
 * What one end of a TCP connection does, as data, so that the kernel's end in another process and our
 * end in the test do the same.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { noise } from "../rig/data.ts";

const READ_BYTES = 256 * 1024;

/** One thing that an end does, after the one before is done. */
export type Step =
  /** Writes `noise(bytes, seed)`, at most `chunkBytes` with each call. */
  | { do: "send"; bytes: number; seed: number; chunkBytes?: number }
  /** Writes for so long. */
  | { do: "send-for"; ms: number }
  /** Sends a FIN. */
  | { do: "finish" }
  /** Reads until the FIN, or until so many bytes have come in all. */
  | { do: "receive"; bytes?: number }
  /** Sends and finishes while it reads until the FIN. */
  | { do: "exchange"; bytes: number; seed: number }
  /** Writes what it reads until the FIN, then finishes. */
  | { do: "echo" }
  /** Goes on when told. */
  | { do: "wait" }
  /** Resets. */
  | { do: "reset" };

/** What an end saw of a connection. */
export interface Outcome {
  /** Bytes received. */
  received: number;
  /** SHA-256 of them. */
  sha256: string;
  /** How what it received ended: by a FIN, not at all, by a reset, or before it began. */
  ended: "fin" | "open" | "reset" | "refused";
  /** From the first to the last byte received, or to the FIN. */
  elapsedMs: number;
}

/** What scripts need of a connection: our `TcpConn`, or the kernel's. */
export interface ScriptedConn {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
}

/** What a script needs beside the connection. */
export interface Stage {
  /** Resolves when a script that waits may go on. */
  wait(): Promise<void>;
  /** Resets the connection; it is closed afterwards in any case. */
  reset(): void;
}

class Player {
  readonly #conn: ScriptedConn;
  readonly #stage: Stage;
  readonly #hash = createHash("sha256");
  #received = 0;
  #ended: Outcome["ended"] = "open";
  #firstMs: number | undefined;
  #lastMs = 0;

  constructor(conn: ScriptedConn, stage: Stage) {
    this.#conn = conn;
    this.#stage = stage;
  }

  async play(steps: readonly Step[]): Promise<Outcome> {
    try {
      for (const step of steps) await this.#take(step);
    } catch (error) {
      if (!isReset(error)) throw error;
      this.#ended = "reset";
    } finally {
      this.#conn.close();
    }
    return {
      received: this.#received,
      sha256: this.#hash.digest("hex"),
      ended: this.#ended,
      elapsedMs: this.#lastMs - (this.#firstMs ?? this.#lastMs),
    };
  }

  async #take(step: Step): Promise<void> {
    switch (step.do) {
      case "send":
        return await this.#send(noise(step.bytes, step.seed), step.chunkBytes);
      case "send-for":
        return await this.#sendFor(step.ms);
      case "finish":
        return await this.#conn.closeWrite();
      case "receive":
        return await this.#receive(step.bytes ?? Infinity);
      case "exchange":
        return await this.#exchange(step.bytes, step.seed);
      case "echo":
        await this.#receive(Infinity, (bytes) => this.#send(bytes));
        return await this.#conn.closeWrite();
      case "wait":
        return await this.#stage.wait();
      case "reset":
        return this.#stage.reset();
    }
  }

  async #send(bytes: Uint8Array, chunkBytes = bytes.length): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await this.#conn.write(bytes.subarray(at, at + chunkBytes));
    }
  }

  async #sendFor(ms: number): Promise<void> {
    const chunk = noise(64 * 1024, 1);
    const untilMs = performance.now() + ms;
    while (performance.now() < untilMs) await this.#send(chunk);
  }

  async #exchange(bytes: number, seed: number): Promise<void> {
    const sending = this.#send(noise(bytes, seed)).then(() => this.#conn.closeWrite());
    await Promise.all([sending, this.#receive(Infinity)]);
  }

  async #receive(
    totalBytes: number,
    use: (bytes: Uint8Array) => Promise<void> | void = () => {},
  ): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    while (this.#received < totalBytes) {
      const room = Math.min(buffer.length, totalBytes - this.#received);
      const count = await this.#conn.read(buffer.subarray(0, room));
      this.#lastMs = performance.now();
      if (count === null) {
        this.#ended = "fin";
        return;
      }
      this.#firstMs ??= this.#lastMs;
      this.#received += count;
      const bytes = buffer.subarray(0, count);
      this.#hash.update(bytes);
      await use(bytes);
    }
  }
}

/** How our side and the kernel's say that the peer reset the connection, at a read or at a write. */
const RESET_CODES: readonly unknown[] = ["reset", "ECONNRESET", "EPIPE"];

function isReset(error: unknown): boolean {
  return error instanceof Error && "code" in error && RESET_CODES.includes(error.code);
}

/** Plays a script on a connection, which is closed at the end, and tells what came. */
export function play(conn: ScriptedConn, steps: readonly Step[], stage: Stage): Promise<Outcome> {
  return new Player(conn, stage).play(steps);
}
