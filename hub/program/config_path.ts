import { ConfigError, fileFault, type Host, joinPath, systemDir } from "../../core/config/mod.ts";
import { HubConfigFile, LOCAL_CONFIG, locateConfig } from "../config/mod.ts";

/** The flag that names the configuration, of every verb that uses it. */
export const CONFIG_FLAG = {
  config: {
    type: "string",
    summary: "Configuration file.",
    placeholder: "path",
    env: "TELAHUBD_CONFIG",
  },
} as const;

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The configuration of this machine's service. */
export function systemConfigPath(host: Host): string {
  return joinPath(host, [systemDir(host), "telahubd.yaml"]);
}

async function located<T>(look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const message = `Cannot look for the configuration: ${fileFault(error)}; name it with -config`;
    throw new ConfigError(message, { code: "unreadable", cause: error });
  }
}

/** Opens the configuration that a hub started here runs with. @throws ConfigError */
export function openToRun(given: string | undefined, host: Host): Promise<HubConfigFile> {
  return located(async () => await HubConfigFile.open(await locateConfig({ given, host, exists })));
}

/**
 * Opens the configuration to be looked at or changed: the one that a hub started here runs with, if
 * there is one, else the system's, to be made.
 *
 * Spec: hub-api.md 6 (portal). Deviation: `user` too looks for `data/telahubd.yaml` first, as the hub
 * does, so as not to change a file that the hub beside it does not use.
 *
 * @throws ConfigError
 */
export function openToEdit(given: string | undefined, host: Host): Promise<HubConfigFile> {
  return located(async () => {
    const path = given || (await exists(LOCAL_CONFIG) ? LOCAL_CONFIG : systemConfigPath(host));
    return await HubConfigFile.open(path);
  });
}
