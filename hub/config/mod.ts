/**
 * Configuration of the hub: finding, reading, editing and saving `telahubd.yaml`, what the
 * environment overrides, and the first start.
 *
 * @example
 * ```ts
 * import { HubConfigFile } from "./mod.ts";
 *
 * const file = await HubConfigFile.open("/nonexistent/telahubd.yaml");
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
  type Renamed,
} from "./bootstrap.ts";
export { udpRelaySecretOf, withEnvironment } from "./environment.ts";
export { type ConfigEditor, HubConfigFile } from "./hub_config_file.ts";
export { type Arrival, InEffect, untilInEffect } from "./in_effect.ts";
export { LOCAL_CONFIG, locateConfig, type LocateOptions } from "./locate.ts";
export {
  ANY_MACHINE,
  type AuditConfig,
  type AuthConfig,
  CLOSED_REGISTRATION,
  type ConnectGrant,
  DEFAULTS,
  type HubConfig,
  type MachineAcl,
  type MetricsConfig,
  MIN_SECRET_LENGTH,
  type Role,
  type TokenEntry,
  type UpdateConfig,
} from "./model.ts";
export { newToken } from "./new_token.ts";
export { DEFAULT_HUB_DIRECTORY, type PortalEntry } from "./portals.ts";
export { parseTime } from "./read.ts";
export { newUuid } from "./uuid.ts";
export { ConfigWatch, type ConfigWatchOptions } from "./watch.ts";
export type { UpdateChange, UpdateFile } from "./updates.ts";
