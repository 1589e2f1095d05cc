/**
 * The hub's web console: files for a browser, served with what keeps them and their reader safe.
 *
 * @module
 */

export { type ConsoleOptions, consoleRoutes } from "./console_routes.ts";
export { CONTENT_SECURITY_POLICY } from "./respond.ts";
