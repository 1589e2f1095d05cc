/**
 * Byte streams: one interface over Deno's connections, the runtime's own TCP, Node.js sockets and a pair
 * in memory.
 *
 * @module
 */

export { type ConnLike, connStream } from "./conn_stream.ts";
export { plainAddress } from "./plain_address.ts";
export { socketStream } from "./socket_stream.ts";
export type { ByteStream } from "./stream.ts";
export { streamPair } from "./stream_pair.ts";
export { withHead } from "./with_head.ts";
export { dialTcp, type DialTcpOptions, type TcpAddress } from "./tcp.ts";
export { type ListenOptions, listenTcp, TcpServer } from "./tcp_server.ts";
