/**
 * Stand-ins for hub and tunnel, for the tests of this folder.
 *
 * @module
 */

import type { ControlMessage } from "../core/control/mod.ts";
import { TcpError } from "../core/netstack/mod.ts";
import type { PathKind } from "../core/path/mod.ts";
import { type ByteStream, streamPair } from "../core/stream/mod.ts";
import type { TunnelHandler, TunnelStatus } from "../core/tunnel/mod.ts";
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

function tcpError(code: "refused" | "closed"): TcpError {
  return new TcpError(code, { action: "connect", reason: code });
}

/** A tunnel that opens, refuses or ends as told; `dialled` are the machine's ends. */
export class FakeTunnel implements ClientTunnel {
  readonly dialled: { port: number; stream: ByteStream }[] = [];
  /** Sockets that were attached. */
  readonly sockets: SignallingSocket[] = [];
  readonly #ended = Promise.withResolvers<string>();
  readonly closed = this.#ended.promise;
  readonly #stopDials = new AbortController();
  readonly #handler: TunnelHandler;
  mode: "open" | "refuse" | "hang" = "open";
  /** Whether the agent proves at once to be behind a socket. */
  proves = true;
  /** Whether the agent was told that it need not wait. */
  left = false;
  /** The path without a socket, if there is one. */
  path: PathKind | undefined;
  #isLost = false;

  constructor(handler: TunnelHandler = {}) {
    this.#handler = handler;
  }

  status(): TunnelStatus {
    const isUp = !this.#isLost || this.path !== undefined;
    return {
      state: isUp ? "up" : "waiting",
      sinceWallMs: 0,
      ...(this.path !== undefined && { path: this.path }),
      paths: [],
      sentBytes: 0,
      receivedBytes: 0,
      resumes: 0,
      peer: { kind: "unknown", verified: "unverified" },
    };
  }

  connect({ port, signal }: { port: number; signal: AbortSignal }): Promise<ByteStream> {
    if (this.mode === "refuse") return Promise.reject(tcpError("refused"));
    if (this.mode === "hang") {
      return new Promise((_, reject) => {
        const fail = () => reject(tcpError("closed"));
        AbortSignal.any([signal, this.#stopDials.signal]).addEventListener("abort", fail);
      });
    }
    const [near, far] = streamPair();
    this.dialled.push({ port, stream: far });
    return Promise.resolve(near);
  }

  attach(socket: SignallingSocket): void {
    this.sockets.push(socket);
    this.#isLost = false;
    if (this.proves) this.#handler.up?.();
  }

  /** The last socket is lost. */
  lose(reason = "lost"): void {
    this.#isLost = true;
    this.#handler.waiting?.(reason);
  }

  /** It sends by another path, or by none. */
  changePath(to: PathKind | undefined): void {
    const from = this.path;
    this.path = to;
    this.#handler.path?.({ type: "path-changed", from, to });
  }

  /** In the order of a real tunnel: dials fail first, then `closed` resolves. */
  end(reason = "lost"): void {
    this.#stopDials.abort();
    this.#ended.resolve(reason);
  }

  leave(reason: string): void {
    this.left = true;
    this.end(reason);
  }
}

/** The lines that a child process prints, one at a time. */
export class TextLines {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next line; undefined at the end. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.#text += value;
    }
  }
}
