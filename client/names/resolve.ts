import type { Clock } from "../../core/clock/mod.ts";
import { isJsonObject } from "../../core/control/mod.ts";
import { type Fetch, JsonApi } from "../../core/hub_api/mod.ts";
import { readAliases, readRemotes, type Remote } from "./name_files.ts";

/** Time for the list of a portal. Spec: client.md 4.4 */
const TIMEOUT_MS = 10_000;

/** Where names come from. */
export interface NameDeps {
  /** Path of `config.yaml` and of `hubs.yaml`; undefined where this user has no home. */
  readonly files: { readonly remotes: string; readonly aliases: string } | undefined;
  /** Asks portals. */
  readonly fetch: Fetch;
  /** Times them. */
  readonly clock: Clock;
  /** Takes a line for each portal that cannot be asked. */
  readonly log: (line: string) => void;
}

/** Address to dial of the hub that a portal lists under a name, in any case; undefined if none. */
async function askRemote(
  { url, token, directory }: Remote,
  { name, deps }: { name: string; deps: NameDeps },
): Promise<string | undefined> {
  const httpUrl = url.replace(/\/+$/, "");
  const portal = { wsUrl: url, httpUrl, shownUrl: httpUrl };
  const api = new JsonApi({ ...deps, hub: portal, what: "portal", token, timeoutMs: TIMEOUT_MS });
  const { hubs } = await api.request("GET", directory);
  if (!Array.isArray(hubs)) throw new Error("its answer lists no hubs");
  for (const entry of hubs) {
    if (!isJsonObject(entry)) continue;
    const isNamed = typeof entry.name === "string" &&
      entry.name.toLowerCase() === name.toLowerCase();
    if (isNamed && typeof entry.url === "string") return entry.url.replace(/^http/i, "ws");
  }
  return undefined;
}

/**
 * The address of the hub that has a name: as the portals of this user list it, one after the other,
 * else as `hubs.yaml` says. A portal that cannot be asked is passed over. Undefined if nobody knows it.
 *
 * Spec: client.md 4.4
 *
 * @throws {ConfigError} if one of the files cannot be read or is malformed
 */
export async function resolveName(name: string, deps: NameDeps): Promise<string | undefined> {
  if (deps.files === undefined) return undefined;
  for (const remote of await readRemotes(deps.files.remotes)) {
    try {
      const found = await askRemote(remote, { name, deps });
      if (found !== undefined) return found;
    } catch (error) {
      deps.log(`remote "${remote.name}" passed over: ${(error as Error).message}`);
    }
  }
  return (await readAliases(deps.files.aliases)).get(name);
}
