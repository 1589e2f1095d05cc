/**
 * `tela status`: the truth about the tunnels of the running clients, and about a hub.
 *
 * @module
 */

export { statusCommand, type StatusDeps } from "./status_command.ts";
