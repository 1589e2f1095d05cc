/**
 * The rig: processes that tests and the demo start as a user does, services for them to reach, and
 * ways to wait that never sleep blindly.
 *
 * @example
 * ```ts
 * import { dial, echo, readExactly, Target, writeAll } from "./mod.ts";
 *
 * await using target = new Target(echo);
 * using connection = await dial(target.port);
 * await writeAll(connection, new TextEncoder().encode("ping"));
 * console.log(new TextDecoder().decode(await readExactly(connection, 4))); // ping
 * ```
 *
 * @module
 */

export { freePort } from "../../core/stream/testing/mod.ts";
export { clientTunnel, untilTunnel } from "./client_status.ts";
export { Cutter } from "./cutter.ts";
export { noise, sha256 } from "./data.ts";
export { Fabric, type FabricOptions } from "./fabric.ts";
export { fetchLocal } from "./http.ts";
export { Middlebox } from "./middlebox.ts";
export { PathLab, type PathLabOptions } from "./path_lab.ts";
export { programTest, type ProgramTestOptions } from "./needs.ts";
export {
  agentRegistered,
  clientBound,
  hubListens,
  type HubOptions,
  launchAgent,
  launchClient,
  launchHub,
  MACHINE,
  newToken,
  type PeerOptions,
} from "./peers.ts";
export {
  Process,
  type ProcessOptions,
  residentBytes,
  run,
  type RunOptions,
  type WaitOptions,
} from "./process.ts";
export {
  PROGRAM_TASKS,
  type ProgramName,
  type ProgramOptions,
  startProgram,
  type TaskCommand,
  taskCommand,
} from "./programs.ts";
export { Recorder } from "./recorder.ts";
export {
  dial,
  dialEcho,
  echo,
  isGone,
  readExactly,
  readToEnd,
  type Service,
  Target,
  writeAll,
} from "./tcp.ts";
export { UdpDetour } from "./udp_detour.ts";
export { until, type UntilOptions, within } from "./until.ts";
