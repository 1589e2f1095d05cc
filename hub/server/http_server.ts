import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import type { Log } from "../../core/log/mod.ts";
import {
  answerUpgrade,
  refuseUpgrade,
  type UpgradeAnswer,
  WebSocketConnection,
} from "../../core/websocket/mod.ts";
import { socketStream } from "../../core/stream/mod.ts";
import type { Router } from "../http/mod.ts";
import type { Switchboard } from "../sessions/mod.ts";
import { answer, remoteAddressOf, targetOf } from "./adapter.ts";
import { ListenError } from "./listen_error.ts";
import { isOriginAllowed } from "./origin.ts";

/** How long a peer may take to send the head of a request. Spec: wire.md 1.1 */
const HEADER_TIMEOUT_MS = 10_000;

/** How often that is looked after. */
const CHECK_INTERVAL_MS = 1000;

/** Longest WebSocket message taken from a peer, in bytes: a log of 1,000 lines fits well. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Options of {@linkcode HttpServer}. */
export interface HttpServerOptions {
  /** Answers requests. */
  readonly router: Router;
  /** Takes WebSockets. */
  readonly switchboard: Switchboard;
  /** True if pages of other hosts may not open WebSockets. */
  readonly isSecured: () => boolean;
  /** Times WebSockets. */
  readonly clock: Clock;
  /** For WebSockets. */
  readonly random: Random;
  /** Takes a line for each upgrade that is refused. */
  readonly log: Log;
  /** Takes a line for each request, if given. */
  readonly accessLog?: Log | undefined;
  /** How long a peer may take to send the head of a request. Default: 10 s. */
  readonly headerTimeoutMs?: number;
}

/** How long a peer whose upgrade was refused may take to close. */
const REFUSED_TIMEOUT_MS = 5000;

function refuse(socket: Socket, response: string): void {
  const destroy = () => void socket.destroy();
  socket.on("error", destroy).on("end", destroy).setTimeout(REFUSED_TIMEOUT_MS, destroy);
  socket.resume(); // so that its end is noticed
  socket.end(response);
}

/** The hub's port: HTTP, and WebSockets on every path that no route claims. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;

  /** Does not listen yet. */
  constructor(options: HttpServerOptions) {
    this.#options = options;
    const headersTimeout = options.headerTimeoutMs ?? HEADER_TIMEOUT_MS;
    this.#server = createServer(
      { headersTimeout, connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, headersTimeout) },
      (incoming, outgoing) => {
        answer(options.router, incoming, outgoing).then(({ status, path }) => {
          const { method, socket } = incoming;
          options.accessLog?.(`${method} ${path} ${status} from ${remoteAddressOf(socket)}`);
        }, (error) => {
          options.log(`cannot answer a request: ${error}`);
          outgoing.destroy();
        });
      },
    );
    this.#server.on("upgrade", (incoming: IncomingMessage, socket: Socket, head: Uint8Array) => {
      this.#upgrade(incoming, socket, head);
    });
  }

  /**
   * Listens on all IPv4 interfaces, or on one.
   *
   * @param port 0 lets the system choose
   * @returns the port
   * @throws ListenError
   */
  listen(port: number, hostname = "0.0.0.0"): Promise<number> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => reject(new ListenError(port, error));
      this.#server.once("error", fail);
      this.#server.listen(port, hostname, () => {
        this.#server.off("error", fail);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /**
   * Takes no more connections and closes those that wait for a request. WebSockets are the
   * switchboard's to close.
   *
   * @returns settles when no connection is left
   */
  stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    return closed;
  }

  /** Cuts the connections of requests that are still being answered. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  #upgrade(incoming: IncomingMessage, socket: Socket, head: Uint8Array): void {
    const { switchboard, clock, random, log } = this.#options;
    const { accepted, response } = this.#answerUpgrade(incoming);
    const remoteAddress = remoteAddressOf(socket);
    if (!accepted) {
      log(`upgrade refused: ${response.slice(9, response.indexOf("\r\n"))}, from ${remoteAddress}`);
      refuse(socket, response);
      return;
    }
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    const stream = socketStream(socket, new Uint8Array(head));
    socket.write(response);
    switchboard.serve(
      new WebSocketConnection({
        stream,
        role: "server",
        clock,
        random,
        maxMessageBytes: MAX_MESSAGE_BYTES,
      }),
    );
  }

  #answerUpgrade({ method, headers, url }: IncomingMessage): UpgradeAnswer {
    const { switchboard, router, isSecured } = this.#options;
    const path = targetOf(url ?? "")?.path;
    if (path === undefined || router.claims(path)) {
      return refuseUpgrade("400 Bad Request", "No WebSocket here\n");
    }
    if (!isOriginAllowed(headers, { isSecured: isSecured() })) {
      return refuseUpgrade("403 Forbidden", "Origin not allowed\n");
    }
    if (switchboard.isFull) return refuseUpgrade("503 Service Unavailable", "Hub is full\n");
    return answerUpgrade(method ?? "", headers);
  }
}
