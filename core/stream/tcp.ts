import { connect } from "node:net";
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

/**
 * Connects to a TCP service, with `TCP_NODELAY` and keepalive.
 *
 * @throws {Error} with the system's `code` (`ECONNREFUSED`, …), or the signal's reason
 */
export function dialTcp({ hostname, port }: TcpAddress, signal?: AbortSignal): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
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
