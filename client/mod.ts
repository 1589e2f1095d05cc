/**
 * The client program `tela`: a command tree over what it has of its machine.
 *
 * @example
 * ```ts
 * import { MemoryIo, run } from "../core/cli/mod.ts";
 * import { systemDeps, telaProgram } from "./mod.ts";
 *
 * const io = new MemoryIo({ args: ["help", "machines"] });
 * await run(telaProgram(systemDeps), io);
 * console.log(io.out.split("\n")[0]); // tela machines — List the machines of a hub
 * ```
 *
 * @module
 */

export type { Fetch } from "../core/hub_api/mod.ts";
export type { ClientDeps, ClientTunnel, OpenTunnelOptions } from "./deps.ts";
export type { Dialer } from "./forwarder.ts";
export type { Listen, LocalServer } from "./listener_set.ts";
export { telaProgram } from "./program.ts";
export type { LiveSession } from "./reconnect.ts";
export type { SessionGrant, SessionKeys, SignallingSocket } from "./session.ts";
export { systemDeps, systemDepsWith } from "./system_deps.ts";
