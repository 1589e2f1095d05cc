/**
 * Configuration: where files are on each system, YAML that is read with errors an operator can act
 * on and edited without losing what else is in it, and files replaced atomically.
 *
 * @example
 * ```ts
 * import { ConfigFile } from "./mod.ts";
 *
 * const file = ConfigFile.parse("/etc/tela/telad.yaml", "hub: ws://hub # ours\nports: [22, ssh]\n");
 * console.log(file.root.get("hub").string()); // ws://hub
 * try {
 *   for (const port of file.root.get("ports").list()) port.integer({ min: 0, max: 65535 });
 * } catch (error) {
 *   console.log((error as Error).message);
 *   // Cannot parse /etc/tela/telad.yaml: ports[1]: expected an integer from 0 to 65535, got "ssh" (line 2)
 * }
 * ```
 *
 * @module
 */

export { removeUnfinished, writeFileAtomic, type WriteFileOptions } from "./atomic.ts";
export { parseDuration } from "./duration.ts";
export { ConfigError, type ConfigErrorCode, type ConfigErrorOptions, fileFault } from "./error.ts";
export { ConfigFile, type ConfigPath } from "./file.ts";
export { lockFile, openBeside } from "./lock.ts";
export { ConfigNode, type IntegerRange } from "./node.ts";
export { type Host, joinPath, runDir, systemDir, systemHost, userDir } from "./places.ts";
