import type { MachineConfig } from "./config.ts";

/** What a machine is registered as, which may change while it is. */
export class Registration {
  /** Called when the hub should be told anew; set by who can tell it. */
  onChange: (() => void) | undefined;
  #machine: MachineConfig;

  /** Begins with a machine's configuration. */
  constructor(machine: MachineConfig) {
    this.#machine = machine;
  }

  /** As of now. */
  get machine(): MachineConfig {
    return this.#machine;
  }

  /**
   * Takes from `changed` what only people see; ports, services and the rest wait for a new start, as
   * sessions rest on them.
   *
   * Spec: agent.md 7 (config-set, live effect)
   */
  describe({ displayName, location, owner, tags }: MachineConfig): void {
    this.#machine = Object.freeze({ ...this.#machine, displayName, location, owner, tags });
    this.onChange?.();
  }
}
