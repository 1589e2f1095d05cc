/**
 * TCP ports for tests.
 *
 * @module
 */

export { ClosedPort } from "./closed_port.ts";
export { freePort } from "./free_port.ts";
