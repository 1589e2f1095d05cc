import { join } from "node:path";

/** What decides where the configuration is. */
export interface LocateOptions {
  /** Path given on the command line. */
  readonly given?: string | undefined;
  /** Operating system, as `Deno.build.os` names it. */
  readonly os: string;
  /** Reads an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** Tells whether a file exists; errors other than its absence are thrown. */
  readonly exists: (path: string) => Promise<boolean>;
}

/** Path under the working directory that is tried first and created at the first start. */
export const LOCAL_CONFIG = "data/telahubd.yaml";

/** Where a hub that runs as a service keeps its configuration. Spec: hub-api.md 5.3 */
export function systemConfigPath(
  os: string,
  env: (name: string) => string | undefined,
): string {
  return os === "windows"
    ? join(env("ProgramData") || "C:\\ProgramData", "Tela", "telahubd.yaml")
    : "/etc/tela/telahubd.yaml";
}

/**
 * The file to use: the one given; else `data/telahubd.yaml` if it exists; else the system's if it
 * exists; else `data/telahubd.yaml`, to be created.
 *
 * Spec: hub-api.md 5.3
 */
export async function locateConfig(options: LocateOptions): Promise<string> {
  if (options.given !== undefined && options.given !== "") return options.given;
  const system = systemConfigPath(options.os, options.env);
  const found = !await options.exists(LOCAL_CONFIG) && await options.exists(system);
  return found ? system : LOCAL_CONFIG;
}
