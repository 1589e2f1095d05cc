/**
 * The administration of a hub over HTTP: identities, permissions, tokens, pairing codes, agents, log.
 *
 * @module
 */

export { adminRoutes } from "./admin_routes.ts";
export { type AdminOptions, isName, type Management, NAME_RULE, type Restart } from "./context.ts";
