import type { AuthFile } from "../access/mod.ts";
import type { HubConfigFile } from "../config/mod.ts";

/** The access part of a configuration, for a store. */
export function authFileOf(file: HubConfigFile): AuthFile {
  return {
    get auth() {
      return file.config.auth;
    },
    commit: (change) => file.commitAuth(change),
    refresh: () => file.refresh(),
  };
}
