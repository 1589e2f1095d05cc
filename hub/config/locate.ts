import { type Host, joinPath, systemDir } from "../../core/config/mod.ts";

/** What decides where the configuration is. */
export interface LocateOptions {
  /** Path given on the command line. */
  readonly given?: string | undefined;
  /** The machine. */
  readonly host: Host;
  /** Tells whether a file exists; errors other than its absence are thrown. */
  readonly exists: (path: string) => Promise<boolean>;
}

/** Path under the working directory that is tried first and created at the first start. */
export const LOCAL_CONFIG = "data/telahubd.yaml";

/**
 * The file to use: the one given; else `data/telahubd.yaml` if it exists; else the system's if it
 * exists; else `data/telahubd.yaml`, to be created.
 *
 * Spec: hub-api.md 5.3
 */
export async function locateConfig({ given, host, exists }: LocateOptions): Promise<string> {
  if (given !== undefined && given !== "") return given;
  const system = joinPath(host, [systemDir(host), "telahubd.yaml"]);
  const found = !await exists(LOCAL_CONFIG) && await exists(system);
  return found ? system : LOCAL_CONFIG;
}
