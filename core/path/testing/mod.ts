/**
 * UDP in memory, for the tests of paths and tunnels.
 *
 * @module
 */

export { type Datagram, FakeUdpHub, FakeUdpNet } from "./fake_udp.ts";
