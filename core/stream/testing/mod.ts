/**
 * TCP ports for tests.
 *
 * @module
 */

export { ClosedPort } from "./closed_port.ts";
