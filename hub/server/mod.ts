/**
 * The hub as a server: its port, and all parts of a hub put together behind it.
 *
 * @module
 */

export { HttpServer, type HttpServerOptions } from "./http_server.ts";
export type { HubUdp } from "./hub_udp.ts";
export { type HubOptions, type RunningHub, startHub } from "./hub.ts";
export { ListenError, type ListenErrorCode } from "./listen_error.ts";
export { WaitingPeers, type WaitingPeersOptions } from "./waiting_peers.ts";
