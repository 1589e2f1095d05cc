/**
 * Programs as services of the machine: what systemd, launchd and the Task Scheduler are told.
 *
 * @example
 * ```ts
 * import { systemdUnit } from "./mod.ts";
 *
 * const unit = systemdUnit({
 *   name: "telahubd",
 *   description: "Tela hub",
 *   command: ["/usr/local/bin/telahubd", "service", "run"],
 *   workingDir: "/etc/tela",
 * });
 * console.log(unit.includes('ExecStart="/usr/local/bin/telahubd" "service" "run"')); // true
 * ```
 *
 * @module
 */

export { launchdLabel, launchdPlist, launchdPlistPath } from "./launchd.ts";
export {
  type RunResult,
  ServiceError,
  type ServiceHost,
  type ServiceManager,
  serviceManager,
  type ServiceStatus,
} from "./manager.ts";
export { checkSpec, type ServiceSpec, ServiceSpecError } from "./spec.ts";
export { systemServiceHost } from "./system_host.ts";
export { systemdUnit, systemdUnitPath } from "./systemd.ts";
export { utf16, windowsTask } from "./windows_task.ts";
