/**
 * The directories that list this hub: entering it there, and keeping them up to date.
 *
 * @example
 * ```ts
 * import { portalUrl } from "./mod.ts";
 *
 * console.log(portalUrl("portal.example/")); // https://portal.example
 * ```
 *
 * @module
 */

export {
  type Fetch,
  type HubEntry,
  isHubUrl,
  PortalClient,
  PortalError,
  portalUrl,
  type Registered,
} from "./portal_client.ts";
export {
  MemoryPortalFile,
  type NewPortal,
  type PortalFile,
  Portals,
  type PortalsOptions,
} from "./portals.ts";
