/**
 * Names of hubs: `-hub work` in place of an address.
 *
 * @module
 */

export { readAliases, readRemotes, type Remote } from "./name_files.ts";
export { type NameDeps, resolveName } from "./resolve.ts";
export { type NameLookup, withHubNames } from "./with_names.ts";
