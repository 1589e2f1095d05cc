/**
 * What a hub says over HTTP: where it is, its machines, and how they are shown.
 *
 * @module
 */

export { askHub, type HubDeps } from "./ask_hub.ts";
export { fetchHubStatus, type HubApiOptions } from "./hub_api.ts";
export { HUB_FLAGS } from "./hub_flags.ts";
export {
  type HubStatus,
  type JsonObject,
  type MachineStatus,
  readHubStatus,
  serviceLabel,
  type ServiceStatus,
} from "./hub_status.ts";
export {
  agentsView,
  machinesJson,
  machinesView,
  servicesView,
  shellWord,
  statusView,
} from "./views.ts";
