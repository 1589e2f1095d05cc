/**
 * `tela admin`: what an owner or administrator does to a hub, through its HTTP interface.
 *
 * @module
 */

export { adminCommand } from "./admin.ts";
export type { AdminDeps } from "./context.ts";
