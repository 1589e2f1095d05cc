/**
 * The agent: registers machines with a hub and forwards the connections of clients to their services,
 * through tunnels that the hub cannot read.
 *
 * @example
 * ```ts
 * import { ConfigFile } from "../core/config/mod.ts";
 * import { readConfig } from "./mod.ts";
 *
 * const file = ConfigFile.parse("telad.yaml", "hub: ws://hub\nmachines: [{name: barn, ports: [22]}]");
 * const host = { os: "linux", env: () => undefined } as const;
 * const { config } = readConfig(file, { host, hostname: "box" });
 * console.log(config.machines[0]?.services); // [ { port: 22, proto: "tcp" } ]
 * ```
 *
 * @module
 */

export { Agent, type AgentOptions } from "./agent.ts";
export {
  type AgentConfig,
  type ConfigSurroundings,
  loadConfig,
  type LoadedConfig,
  type MachineConfig,
  readConfig,
} from "./config.ts";
export { type AgentIds, type IdsOptions, keyPath, loadIds, statePath } from "./ids.ts";
export type { MachineEnd } from "./machine.ts";
export { telad } from "./program.ts";
export type { ProgramSurroundings } from "./run.ts";
export {
  type KeyPair,
  type SessionListener,
  type SessionTunnel,
  type SessionTunnelOptions,
  type Surroundings,
} from "./surroundings.ts";
export { systemProcess } from "./system.ts";
