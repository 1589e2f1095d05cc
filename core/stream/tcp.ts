import { connect, createServer, type Server, type Socket } from "node:net";
import { socketStream } from "./socket_stream.ts";
import type { ByteStream } from "./stream.ts";

/** Where to connect to, or to listen. */
export interface TcpAddress {
  /** Host name or IP address. */
  hostname: string;
  /** TCP port, 1 to 65535; 0 lets the system choose one to listen on. */
  port: number;
}

/**
 * Connects to a TCP service, with `TCP_NODELAY`.
 *
 * @throws {Error} with the system's `code` (`ECONNREFUSED`, …), or the signal's reason
 */
export function dialTcp({ hostname, port }: TcpAddress, signal?: AbortSignal): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const socket = connect({ host: hostname, port, noDelay: true, allowHalfOpen: true });
    const onAbort = () => {
      socket.destroy();
      reject(signal?.reason);
    };
    const onError = (error: Error) => {
      signal?.removeEventListener("abort", onAbort);
      reject(error);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.once("error", onError);
    socket.once("connect", () => {
      signal?.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      resolve(socketStream(socket));
    });
  });
}

/** A TCP listener whose connections come as {@linkcode ByteStream}s. */
export class TcpServer {
  readonly #server: Server;

  /** Takes a listening server; {@linkcode listenTcp} makes one. */
  constructor(server: Server) {
    this.#server = server;
  }

  /** Port that it listens on. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Stops listening; connections that were accepted stay open. */
  close(): void {
    this.#server.close();
  }
}

/**
 * Listens for TCP connections; each is given to `accept`, which takes it, with `TCP_NODELAY`.
 *
 * @throws {Error} with the system's `code` (`EADDRINUSE`, `EACCES`, …) if it cannot listen
 */
export function listenTcp(
  { hostname, port }: TcpAddress,
  accept: (stream: ByteStream) => void,
): Promise<TcpServer> {
  return new Promise((resolve, reject) => {
    const onConnection = (socket: Socket) => accept(socketStream(socket));
    const server = createServer({ noDelay: true, allowHalfOpen: true }, onConnection);
    server.once("error", reject);
    server.listen({ host: hostname, port, backlog: 511 }, () => {
      server.off("error", reject);
      resolve(new TcpServer(server));
    });
  });
}
