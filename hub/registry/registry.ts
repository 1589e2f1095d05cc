import type { Register } from "../../core/control/mod.ts";
import { Machine, type MachineContext } from "./machine.ts";

/** Most machines that a hub knows, so that registrations cannot fill its memory. */
const MAX_MACHINES = 10_000;

/** Options of {@linkcode Registry}. */
export interface RegistryOptions {
  /** Makes a registration id for an agent that sends none. */
  readonly newId: () => string;
  /** Most machines kept. Default 10,000. */
  readonly maxMachines?: number;
}

/** Circumstances of a registration. */
export interface RegisterContext extends MachineContext {
  /** May whoever registers do so under the name that the machine has had? */
  readonly mayRegister: (machine: string) => boolean;
}

/** What a registration led to. */
export interface Registration {
  /** The entry, new or updated. */
  readonly machine: Machine;
  /** Another entry that had to go; its sockets and sessions are to be ended. */
  readonly evicted: Machine | undefined;
}

/** Both are texts of a peer's choice: whatever they contain, no two pairs may have the same key. */
function keyOf({ agentId, name }: { agentId: string; name: string }): string {
  return `${agentId.length}:${agentId}${name}`;
}

/**
 * The machines that have registered since the hub started. When there is room for no more, the one
 * that has been offline longest is forgotten; if all are online, registration fails.
 *
 * Spec: wire.md 2.2 (hub bookkeeping). Deviation: a registration id moves an entry to a new name
 * only for somebody who may register its old name, for the id is no secret.
 */
export class Registry {
  readonly #newId: () => string;
  readonly #maxMachines: number;
  readonly #byKey = new Map<string, Machine>();
  readonly #byName = new Map<string, Machine>();
  readonly #byRegistrationId = new Map<string, Machine>();

  /** Starts empty. */
  constructor({ newId, maxMachines = MAX_MACHINES }: RegistryOptions) {
    this.#newId = newId;
    this.#maxMachines = maxMachines;
  }

  /** The machine that last registered under the name, online or not. */
  byName(name: string): Machine | undefined {
    return this.#byName.get(name);
  }

  /** How many machines there are, and how many of them are online. */
  get counts(): { readonly online: number; readonly known: number } {
    let online = 0;
    for (const { isOnline } of this.#byKey.values()) if (isOnline) online++;
    return { online, known: this.#byKey.size };
  }

  /** All machines, by name. */
  all(): Machine[] {
    return [...this.#byKey.values()].sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  }

  /** Enters a machine, or updates or renames its entry; undefined if there is no room. */
  register(message: Register, context: RegisterContext): Registration | undefined {
    const key = keyOf({ agentId: message.agentId, name: message.machineName });
    const known = this.#byRegistrationId.get(message.machineRegistrationId ?? "");
    if (known !== undefined && known !== this.#byKey.get(key) && context.mayRegister(known.name)) {
      const evicted = this.#byKey.get(key);
      if (evicted !== undefined) this.#forget(evicted);
      return { machine: this.#rename(known, { key, message, context }), evicted };
    }
    const existing = this.#byKey.get(key);
    if (existing === undefined) return this.#create(message, { key, context });
    existing.update(message, context);
    this.#byName.set(existing.name, existing);
    return { machine: existing, evicted: undefined };
  }

  #create(
    message: Register,
    { key, context }: { key: string; context: MachineContext },
  ): Registration | undefined {
    const evicted = this.#byKey.size >= this.#maxMachines ? this.#longestOffline() : undefined;
    if (evicted !== undefined) this.#forget(evicted);
    if (this.#byKey.size >= this.#maxMachines) return undefined;
    const asked = message.machineRegistrationId;
    const registrationId = asked && !this.#byRegistrationId.has(asked) ? asked : this.#newId();
    const machine = new Machine(message, { ...context, registrationId });
    this.#byKey.set(key, machine);
    this.#byName.set(machine.name, machine);
    this.#byRegistrationId.set(registrationId, machine);
    return { machine, evicted };
  }

  #rename(
    machine: Machine,
    { key, message, context }: { key: string; message: Register; context: MachineContext },
  ): Machine {
    this.#byKey.delete(keyOf(machine));
    if (this.#byName.get(machine.name) === machine) this.#byName.delete(machine.name);
    machine.update(message, context);
    this.#byKey.set(key, machine);
    this.#byName.set(machine.name, machine);
    return machine;
  }

  #forget(machine: Machine): void {
    this.#byKey.delete(keyOf(machine));
    if (this.#byName.get(machine.name) === machine) this.#byName.delete(machine.name);
    this.#byRegistrationId.delete(machine.registrationId);
  }

  #longestOffline(): Machine | undefined {
    let oldest: Machine | undefined;
    for (const machine of this.#byKey.values()) {
      if (machine.isOnline) continue;
      if (oldest === undefined || machine.lastSeenMs < oldest.lastSeenMs) oldest = machine;
    }
    return oldest;
  }
}
