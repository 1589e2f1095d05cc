import type { ConfigNode } from "../../core/config/mod.ts";
import type { ConfigEditor } from "./hub_config_file.ts";

/** A directory that lists this hub. Spec: hub-api.md 5.1 (`portals{name}`) */
export interface PortalEntry {
  /** Its address, without a final slash. */
  readonly url: string;
  /** Path of its list of hubs. */
  readonly hubDirectory: string;
  /** What this hub shows when it reports a change, "" if it has none; a secret. */
  readonly syncToken: string;
}

/** Spec: hub-api.md 8 (discovery) */
export const DEFAULT_HUB_DIRECTORY = "/api/hubs";

/** Reads the portals out of a file, by name. @throws ConfigError on a value of the wrong type */
export function readPortals(root: ConfigNode): ReadonlyMap<string, PortalEntry> {
  return new Map(
    root.get("portals").entries().map(([name, portal]) => [name, {
      url: portal.get("url").string() ?? "",
      hubDirectory: portal.get("hubDirectory").string() || DEFAULT_HUB_DIRECTORY,
      syncToken: portal.get("syncToken").string() ?? "",
    }]),
  );
}

/** Writes a portal's entry; undefined removes it. */
export function writePortal(
  editor: ConfigEditor,
  { name, entry }: { readonly name: string; readonly entry: PortalEntry | undefined },
): void {
  if (entry === undefined) return editor.delete(["portals", name]);
  for (const [key, value] of Object.entries(entry)) editor.set(["portals", name, key], value);
  // Old hubs kept an administrator's token of the portal here.
  editor.delete(["portals", name, "token"]);
}
