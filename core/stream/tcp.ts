import { connect, isIP } from "node:net";
import { connStream } from "./conn_stream.ts";
import { HandleConn } from "./handle_conn.ts";
import { type RuntimeTcp, systemError, tcpFor, type TcpHandle } from "./runtime_tcp.ts";
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
 * A connection on which nothing was heard for so long is asked whether its other end is still there: a
 * machine that lost its power says no farewell, and its idle connections would stay for ever.
 */
export const KEEPALIVE_MS = 60_000;

/** Has a connection send at once, and ask a silent peer whether it is still there. */
export function setUp(handle: TcpHandle): void {
  handle.setNoDelay(true);
  handle.setKeepAlive(true, KEEPALIVE_MS / 1000);
}

function dialHandle(
  tcp: RuntimeTcp,
  { hostname, port }: TcpAddress,
  signal?: AbortSignal,
): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const handle = tcp.socket();
    const request = tcp.connectRequest();
    const giveUp = (reason: unknown) => {
      handle.close();
      reject(reason);
    };
    const onAbort = () => giveUp(signal?.reason);
    const complete = (status: number) => {
      // What has been given up is closed, and completes as canceled.
      if (signal?.aborted) return;
      signal?.removeEventListener("abort", onAbort);
      if (status < 0) return giveUp(systemError("connect", status, `${hostname}:${port}`));
      setUp(handle);
      resolve(connStream(new HandleConn(handle, { tcp, remote: { hostname, port } })));
    };
    request.oncomplete = complete;
    signal?.addEventListener("abort", onAbort, { once: true });
    const connect = isIP(hostname) === 6 ? handle.connect6 : handle.connect;
    const status = connect.call(handle, request, hostname, port);
    if (status < 0) complete(status);
  });
}

function dialSocket({ hostname, port }: TcpAddress, signal?: AbortSignal): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port,
      noDelay: true,
      allowHalfOpen: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_MS,
    });
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

/** Options of {@linkcode dialTcp}. */
export interface DialTcpOptions {
  /** Connects by `node:net` even where the runtime's own TCP is known. Default: false. */
  viaNode?: boolean;
}

/**
 * Connects to a TCP service, with `TCP_NODELAY` and keepalive: to an IP address by the runtime's own
 * TCP where that is known, else by `node:net`.
 *
 * @throws {Error} with the system's `code` (`ECONNREFUSED`, …), or the signal's reason
 */
export async function dialTcp(
  address: TcpAddress,
  signal?: AbortSignal,
  options: DialTcpOptions = {},
): Promise<ByteStream> {
  signal?.throwIfAborted();
  const tcp = tcpFor(address.hostname, options.viaNode ?? false);
  return await (tcp === null ? dialSocket(address, signal) : dialHandle(tcp, address, signal));
}
