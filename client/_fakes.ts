/**
 * Stand-ins for hub and tunnel, for the tests of this folder.
 *
 * @module
 */

import type { ControlMessage } from "../core/control/mod.ts";
import { type ByteStream, streamPair } from "../core/stream/mod.ts";
import type { ClientTunnel } from "./deps.ts";
import type { SignallingSocket } from "./session.ts";

/** A hub that has sent `messages`, then closed if told so. */
export class FakeSocket implements SignallingSocket {
  readonly sent: ControlMessage[] = [];
  readonly #ended = Promise.withResolvers<{ code: number; reason: string }>();
  readonly closed = this.#ended.promise;
  closedByUs = false;

  constructor(readonly messages: ControlMessage[], close?: { code: number; reason: string }) {
    if (close !== undefined) this.#ended.resolve(close);
  }

  send(message: ControlMessage): void {
    this.sent.push(message);
  }

  async next(): Promise<ControlMessage | undefined> {
    if (this.messages.length === 0) await this.closed;
    return this.messages.shift();
  }

  close(code = 1006, reason = ""): void {
    this.closedByUs = true;
    this.#ended.resolve({ code, reason });
  }
}

/** A tunnel that opens, refuses or ends as told; `dialled` are the machine's ends. */
export class FakeTunnel implements ClientTunnel {
  readonly dialled: { port: number; stream: ByteStream }[] = [];
  readonly #ended = Promise.withResolvers<string>();
  readonly closed = this.#ended.promise;
  readonly #stopDials = new AbortController();
  mode: "open" | "refuse" | "hang" = "open";

  connect({ port, signal }: { port: number; signal: AbortSignal }): Promise<ByteStream> {
    if (this.mode === "refuse") return Promise.reject(new Error("refused"));
    if (this.mode === "hang") {
      return new Promise((_, reject) => {
        const fail = () => reject(new Error("ended"));
        AbortSignal.any([signal, this.#stopDials.signal]).addEventListener("abort", fail);
      });
    }
    const [near, far] = streamPair();
    this.dialled.push({ port, stream: far });
    return Promise.resolve(near);
  }

  /** In the order of a real tunnel: dials fail first, then `closed` resolves. */
  end(): void {
    this.#stopDials.abort();
    this.#ended.resolve("lost");
  }

  close(): void {
    this.#ended.resolve("closed");
  }
}
