import { ConfigError, ConfigFile, type ConfigNode } from "../../core/config/mod.ts";

/** A portal whose list of hubs is asked for names. Spec: client.md 4.3 */
export interface Remote {
  /** What this user calls it. */
  readonly name: string;
  /** Address of the portal. */
  readonly url: string;
  /** Credential for the portal; a secret. "" if it needs none. */
  readonly token: string;
  /** Path of the list. */
  readonly directory: string;
}

/** Spec: client.md 4.4 */
const USUAL_DIRECTORY = "/api/hubs";

function remoteOf(name: string, node: ConfigNode): Remote {
  return {
    name,
    url: node.get("url").string() ?? "",
    token: node.get("token").string() ?? "",
    directory: node.get("hub_directory").string() || USUAL_DIRECTORY,
  };
}

/** What older programs wrote under `portal` becomes a remote of that name, unless there is one. */
async function migrate(file: ConfigFile): Promise<void> {
  const legacy = file.root.get("portal").json();
  if (legacy === undefined) return;
  if (!file.root.get("remotes").get("portal").exists) file.set(["remotes", "portal"], legacy);
  file.delete(["portal"]);
  try {
    await file.save();
  } catch (error) {
    // It holds for this run all the same; not every task may write.
    if (!(error instanceof ConfigError) || error.code !== "unwritable") throw error;
  }
}

/**
 * The portals of `config.yaml` in the order of their names; none without a file. A `portal` of older
 * programs is moved among them, in the file too if it can be written.
 *
 * Spec: client.md 4.3
 *
 * @throws {ConfigError} if the file cannot be read or is malformed
 */
export async function readRemotes(path: string): Promise<Remote[]> {
  const file = await ConfigFile.readIfPresent(path);
  await migrate(file);
  const remotes = file.root.get("remotes").entries().map(([name, node]) => remoteOf(name, node));
  return remotes.filter(({ url }) => url !== "").toSorted((a, b) => a.name < b.name ? -1 : 1);
}

/**
 * The addresses of hubs by the names that `hubs.yaml` gives them; none without a file. An entry is an
 * address, or a mapping with its `url`; a file may have both.
 *
 * Spec: client.md 4.2
 *
 * @throws {ConfigError} if the file cannot be read or is malformed
 */
export async function readAliases(path: string): Promise<ReadonlyMap<string, string>> {
  const { root } = await ConfigFile.readIfPresent(path);
  const entries = root.get("hubs").entries().map(([alias, node]) => {
    const value = node.json();
    const isMapping = typeof value === "object" && value !== null;
    return [alias, (isMapping ? node.get("url") : node).string() ?? ""] as const;
  });
  return new Map(entries.filter(([, url]) => url !== ""));
}
