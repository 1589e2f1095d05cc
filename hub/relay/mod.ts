/**
 * Sending to the peers of a session, with the rule for one that does not read fast enough.
 *
 * @module
 */

export { Outflow, type OutflowConnection } from "./outflow.ts";
