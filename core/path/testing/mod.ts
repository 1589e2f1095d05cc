/**
 * UDP in memory, for the tests of paths and tunnels.
 *
 * @module
 */

export { FakeUdpHub, FakeUdpNet } from "./fake_udp.ts";
