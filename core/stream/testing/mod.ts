/**
 * TCP ports and connections for tests.
 *
 * @module
 */

export { ClosedPort } from "./closed_port.ts";
export { freePort } from "./free_port.ts";
export { tcpPair, type TcpPairOptions } from "./tcp_pair.ts";
