/**
 * The machines that agents have registered: what the hub knows of them and how they are found.
 *
 * @example
 * ```ts
 * import { Registry } from "./mod.ts";
 *
 * const registry = new Registry({ newId: () => crypto.randomUUID() });
 * registry.register(
 *   { type: "register", agentId: "a", machineName: "barn", ports: [22] },
 *   { wallMs: Date.now(), mayRegister: () => true },
 * );
 * console.log(registry.byName("barn")?.services[0]?.name); // SSH
 * ```
 *
 * @module
 */

export { Machine, type MachineContext, type StickyText } from "./machine.ts";
export {
  type RegisterContext,
  type Registration,
  Registry,
  type RegistryOptions,
} from "./registry.ts";
export { isGranted, type ServiceView, serviceViews } from "./services.ts";
