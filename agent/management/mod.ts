/**
 * What a hub may ask of an agent on behalf of those who manage it: to show and change its
 * configuration, show its log, and begin anew.
 *
 * @module
 */

export { Management, type ManagementOptions } from "./management.ts";
