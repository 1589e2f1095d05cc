/**
 * Configuration of the hub: finding, reading, checking, editing and saving `telahubd.yaml`, what
 * the environment overrides, and the first start.
 *
 * @example
 * ```ts
 * import { ConfigFile } from "./mod.ts";
 *
 * const file = await ConfigFile.open("/nonexistent/telahubd.yaml");
 * console.log(file.exists, file.config.udpPort); // false 41820
 * ```
 *
 * @module
 */

export {
  bootstrap,
  type BootstrapOptions,
  type BootstrapResult,
  CONSOLE_VIEWER,
} from "./bootstrap.ts";
export { parseDuration } from "./duration.ts";
export { type ConfigEditor, type ConfigPath } from "./editor.ts";
export { ENVIRONMENT, withEnvironment } from "./environment.ts";
export { ConfigError, type ConfigErrorCode, type ConfigErrorOptions } from "./error.ts";
export { ConfigFile } from "./file.ts";
export { LOCAL_CONFIG, locateConfig, type LocateOptions, systemConfigPath } from "./locate.ts";
export {
  ANY_MACHINE,
  type AuthConfig,
  type ConnectGrant,
  DEFAULTS,
  type HubConfig,
  type MachineAcl,
  type Role,
  type TokenEntry,
  type UpdateConfig,
} from "./model.ts";
export { newUuid } from "./uuid.ts";
