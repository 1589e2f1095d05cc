import { createServer, type Server } from "node:http";
import type { Random } from "../../core/bytes/mod.ts";
import { type Clock, sleep, Waits } from "../../core/clock/mod.ts";
import { defectText, type Log, type RepeatLog } from "../../core/log/mod.ts";
import { connStream, withHead } from "../../core/stream/mod.ts";
import {
  answerUpgrade,
  refuseUpgrade,
  type UpgradeAnswer,
  WebSocketConnection,
} from "../../core/websocket/mod.ts";
import { fromSource, sourceOf } from "../access/mod.ts";
import type { Router } from "../http/mod.ts";
import type { Switchboard } from "../sessions/mod.ts";
import { LINK_PATH, type UdpHosts } from "../udp_link/mod.ts";
import { answer, originOf, remoteAddressOf, targetOf } from "./adapter.ts";
import { ConnDuplex } from "./conn_duplex.ts";
import { ListenError } from "./listen_error.ts";
import { isOriginAllowed } from "./origin.ts";
import { readHead, spend } from "./read_head.ts";
import { type RequestHead, webSocketRequest } from "./request_head.ts";
import { WaitingPeers } from "./waiting_peers.ts";

/** How long a peer may take to send the head of a request. Spec: wire.md 1.1 */
const HEADER_TIMEOUT_MS = 10_000;

/** Longest WebSocket message taken from a peer, in bytes: a log of 1,000 lines fits well. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Connections that are no WebSocket yet, or never; more are closed at once. */
const MAX_HTTP_CONNECTIONS = 4096;

/**
 * WebSockets of one address that have not said yet what they are: room for a site whose agents all
 * come back at once, while 20 addresses are needed to take all places of a hub.
 */
const MAX_SILENT_SOCKETS = 1024;

const encoder = new TextEncoder();

/** What a peer reads that has not sent a head in time. Spec: RFC 9110 §15.5.9 */
const LATE = encoder.encode(
  "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
);

/** How long a peer may go on sending when it has its answer. */
const LINGER_MS = 2000;

/** How long a peer may read nothing of its answer, which waits in memory meanwhile. */
const STALL_TIMEOUT_MS = 30_000;

/** Out of descriptors, say: accepting goes on after this pause, as some of them come free. */
const ACCEPT_RETRY_MS = 100;

/** Options of {@linkcode HttpServer}. */
export interface HttpServerOptions {
  /** Answers requests. */
  readonly router: Router;
  /** Takes WebSockets. */
  readonly switchboard: Switchboard;
  /** Takes those of UDP hosts, if any are expected. */
  readonly udpHosts?: UdpHosts | undefined;
  /** True if pages of other hosts may not open WebSockets. */
  readonly isSecured: () => boolean;
  /** Times WebSockets and heads of requests. */
  readonly clock: Clock;
  /** For WebSockets. */
  readonly random: Random;
  /** Takes upgrades that are refused, and what is wrong, for the log. */
  readonly repeats: RepeatLog;
  /** Takes a line for each request, if given. */
  readonly accessLog?: Log | undefined;
  /** How long a peer may take to send the head of a request. Default: 10 s. */
  readonly headerTimeoutMs?: number;
  /** How long a peer may read nothing of its answer. Default: 30 s. */
  readonly stallTimeoutMs?: number;
  /** Bounds the connections of one address that have sent none yet. */
  readonly waiting?: WaitingPeers;
  /** Bounds the WebSockets of one address that have said nothing yet. */
  readonly silent?: WaitingPeers;
}

/** Event of a connection handed to `node:http`, once that has found a request in it. */
const ASKED = "asked";

/** A connection that is no WebSocket yet, or never. */
class HttpConnection {
  isAnswering = false;
  #isClosed = false;

  /** @param asked to be called when it has sent the head of a request */
  constructor(readonly conn: Deno.TcpConn, readonly asked: () => void) {}

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.conn.close();
  }
}

/**
 * The hub's port: HTTP, and WebSockets on every path that no route claims. Who asks for a WebSocket is
 * served on the connection itself, anybody else by `node:http`, one request a connection.
 */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #http: Server;
  readonly #connections = new Set<HttpConnection>();
  readonly #waiting: WaitingPeers;
  readonly #silent: WaitingPeers;
  readonly #heads: Waits;
  #listener: Deno.TcpListener | undefined;
  #onEmpty: (() => void) | undefined;

  /** Does not listen yet. */
  constructor(options: HttpServerOptions) {
    const { clock, headerTimeoutMs = HEADER_TIMEOUT_MS } = options;
    this.#options = options;
    this.#heads = new Waits(clock, headerTimeoutMs);
    this.#waiting = options.waiting ?? new WaitingPeers();
    this.#silent = options.silent ?? new WaitingPeers({ max: MAX_SILENT_SOCKETS });
    this.#http = createServer((incoming, outgoing) => {
      incoming.socket.emit(ASKED);
      outgoing.shouldKeepAlive = false;
      answer(options.router, incoming, outgoing).then(({ status, path }) => {
        const { method, socket } = incoming;
        options.accessLog?.(`${method} ${path} ${status} from ${remoteAddressOf(socket)}`);
      }, (error) => {
        options.repeats.note({ what: "cannot answer a request", detail: defectText(error) });
        outgoing.destroy();
      });
    });
  }

  /**
   * Listens on all IPv4 interfaces, or on one.
   *
   * @param port 0 lets the system choose
   * @returns the port
   * @throws ListenError
   */
  listen(port: number, hostname: string = "0.0.0.0"): number {
    try {
      this.#listener = Deno.listen({ port, hostname });
    } catch (error) {
      throw new ListenError(port, error);
    }
    this.#acceptAll(this.#listener);
    return this.#listener.addr.port;
  }

  /**
   * Takes no more connections and closes those that wait for a request. WebSockets are the
   * switchboard's to close.
   *
   * @returns settles when no connection is left
   */
  async stop(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    for (const connection of this.#connections) if (!connection.isAnswering) connection.close();
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#onEmpty = resolve);
  }

  /** Cuts the connections of requests that are still being answered. */
  cut(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #acceptAll(listener: Deno.TcpListener): Promise<void> {
    const { clock, repeats } = this.#options;
    while (this.#listener === listener) {
      try {
        this.#serve(await listener.accept());
      } catch (error) {
        if (this.#listener !== listener) return;
        const detail = (error as Error).message;
        repeats.note({ what: "cannot accept a connection", detail });
        await sleep(clock, ACCEPT_RETRY_MS);
      }
    }
  }

  async #serve(conn: Deno.TcpConn): Promise<void> {
    if (this.#connections.size >= MAX_HTTP_CONNECTIONS) return conn.close();
    const asked = this.#waiting.enter(conn.remoteAddr.hostname);
    if (asked === undefined) return conn.close();
    const connection = new HttpConnection(conn, asked);
    this.#connections.add(connection);
    try {
      await this.#serveHead(connection);
    } finally {
      asked();
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#onEmpty?.();
    }
  }

  async #serveHead(connection: HttpConnection): Promise<void> {
    const { clock, stallTimeoutMs = STALL_TIMEOUT_MS } = this.#options;
    const { conn } = connection;
    // Whether the peer still reads it makes no difference.
    const onLate = () => void conn.write(LATE).catch(() => {}).finally(() => connection.close());
    const head = await readHead(conn, { waits: this.#heads, onLate });
    if (head === undefined) return connection.close();
    const request = head.text === undefined ? undefined : webSocketRequest(head.text);
    if (request !== undefined) {
      connection.asked();
      spend(head);
      return this.#upgrade(conn, { request, rest: head.rest });
    }
    connection.isAnswering = head.text !== undefined;
    const duplex = new ConnDuplex(connection, head.bytes, { clock, stallTimeoutMs });
    // What is no head here may be the beginning of one to Node.js, which waits for the rest for ever.
    const late = this.#heads.begin(onLate);
    duplex.once(ASKED, () => {
      late.cancel();
      connection.asked();
    });
    const closed = new Promise((resolve) => duplex.once("close", resolve));
    duplex.once("close", () => late.cancel());
    duplex.once("finish", () => {
      const timer = clock.setTimer(() => duplex.destroy(), LINGER_MS);
      duplex.once("close", () => timer.cancel());
    });
    // What breaks on the way of an answer is the peer's loss alone; `closed` follows.
    duplex.on("error", () => {});
    this.#http.emit("connection", duplex);
    await closed;
  }

  async #upgrade(
    conn: Deno.TcpConn,
    { request, rest }: { request: RequestHead; rest: Uint8Array<ArrayBuffer> },
  ): Promise<void> {
    const { switchboard, udpHosts, clock, random, repeats } = this.#options;
    const stream = withHead(connStream(conn), rest);
    const remoteAddress = originOf(stream.remoteAddress, request.headers["x-forwarded-for"]);
    const greeted = this.#silent.enter(sourceOf(remoteAddress));
    const { accepted, response } = greeted === undefined
      ? refuseUpgrade("503 Service Unavailable", "Too many connections that say nothing\n")
      : this.#answerUpgrade(request);
    try {
      conn.setNoDelay(true);
      conn.setKeepAlive(true);
      await stream.write(encoder.encode(response));
      if (!accepted) await stream.closeWrite();
    } catch {
      // The peer has gone before it was answered.
      greeted?.();
      return stream.close();
    }
    if (!accepted) {
      greeted?.();
      const status = response.slice(9, response.indexOf("\r\n"));
      repeats.note(fromSource({ what: "upgrade refused", detail: status, remoteAddress }));
      return stream.close();
    }
    const connection = new WebSocketConnection({
      stream,
      role: "server",
      clock,
      random,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      remoteAddress,
    });
    const isLink = udpHosts !== undefined && targetOf(request.target)?.path === LINK_PATH;
    if (isLink) udpHosts.serve(connection).finally(greeted);
    else switchboard.serve(connection, { onGreeted: greeted });
  }

  #answerUpgrade({ method, headers, target }: RequestHead): UpgradeAnswer {
    const { switchboard, router, isSecured } = this.#options;
    const path = targetOf(target)?.path;
    if (path === undefined || router.claims(path)) {
      return refuseUpgrade("400 Bad Request", "No WebSocket here\n");
    }
    if (!isOriginAllowed(headers, { isSecured: isSecured() })) {
      return refuseUpgrade("403 Forbidden", "Origin not allowed\n");
    }
    if (switchboard.isFull) return refuseUpgrade("503 Service Unavailable", "Hub is full\n");
    return answerUpgrade(method, headers);
  }
}
