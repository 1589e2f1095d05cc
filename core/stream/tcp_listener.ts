import { createServer, isIP } from "node:net";
import { connStream } from "./conn_stream.ts";
import { HandleConn } from "./handle_conn.ts";
import { type RuntimeTcp, systemError, tcpFor, type TcpName } from "./runtime_tcp.ts";
import { socketStream } from "./socket_stream.ts";
import type { ByteStream } from "./stream.ts";
import { KEEPALIVE_MS, setUp, type TcpAddress } from "./tcp.ts";

/** Connections that may wait to be accepted, as far as the system allows; one more waits for a second. */
const BACKLOG = 4096;

/** Listens until it is closed. */
export interface Listener {
  /** Port that it listens on. */
  readonly port: number;
  /** Called when a connection could not be accepted, for want of files or memory. */
  onFailed: () => void;
  /** Stops listening; connections that were accepted stay open. */
  close(): void;
}

/** Options of {@linkcode openListener}. */
export interface ListenerOptions {
  /** Takes each connection. */
  accept: (stream: ByteStream) => void;
  /** Called when a connection that was accepted is closed; one function for all of them. */
  onClosed: () => void;
  /** Listens by `node:net` even where the runtime's own TCP is known. Default: false. */
  viaNode?: boolean | undefined;
}

function openHandle(
  tcp: RuntimeTcp,
  { hostname, port }: TcpAddress,
  { accept, onClosed }: ListenerOptions,
): Listener {
  const server = tcp.server();
  const listener: Listener = { port, onFailed: () => {}, close: () => server.close() };
  server.onconnection = (status, handle) => {
    if (status < 0) return listener.onFailed();
    setUp(handle);
    accept(connStream(new HandleConn(handle, { tcp, onClose: onClosed })));
  };
  tcp.accepts(server);
  const bind = isIP(hostname) === 6 ? server.bind6 : server.bind;
  const name: TcpName = {};
  const status = bind.call(server, hostname, port, 0) || server.listen(BACKLOG) ||
    server.getsockname(name);
  if (status === 0) return Object.assign(listener, { port: name.port! });
  server.close();
  throw systemError("listen", status, `${hostname}:${port}`);
}

function openSocket(
  { hostname, port }: TcpAddress,
  { accept, onClosed }: ListenerOptions,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      // The runtime does not heed the server's option for it.
      socket.setKeepAlive(true, KEEPALIVE_MS);
      socket.on("close", onClosed);
      accept(socketStream(socket));
    });
    server.once("error", reject);
    server.listen({ host: hostname, port, backlog: BACKLOG }, () => {
      server.off("error", reject);
      const { port } = server.address() as { port: number };
      const listener: Listener = { port, onFailed: () => {}, close: () => server.close() };
      server.on("error", () => listener.onFailed());
      resolve(listener);
    });
  });
}

/**
 * Listens for TCP connections, each with `TCP_NODELAY` and keepalive: on an IP address by the runtime's
 * own TCP where that is known, else by `node:net`.
 *
 * @throws {Error} with the system's `code` (`EADDRINUSE`, `EACCES`, …) if it cannot listen
 */
export async function openListener(
  address: TcpAddress,
  options: ListenerOptions,
): Promise<Listener> {
  const tcp = tcpFor(address.hostname, options.viaNode ?? false);
  return await (tcp === null ? openSocket(address, options) : openHandle(tcp, address, options));
}
