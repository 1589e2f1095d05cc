import type { Register } from "../../core/control/mod.ts";
import type { Machine } from "../registry/mod.ts";
import { brief, identityOf, refusal, type SwitchboardOptions } from "./context.ts";
import type { Peer } from "./peer.ts";
import type { Sessions } from "./sessions.ts";

/** Bytes queued for a control socket at which its agent is given up. */
const ABORT_BYTES = 1024 * 1024;

/** Ports named in a record at most. */
const MAX_PORTS_NAMED = 32;

/** The control sockets of agents: registration, pings, loss. */
export class Controls {
  readonly #options: SwitchboardOptions;
  readonly #sessions: Sessions;
  readonly #peers: Map<Machine, Peer>;

  /** @param peers the control socket of each machine that is online, which this class maintains */
  constructor(options: SwitchboardOptions, { sessions, peers }: {
    sessions: Sessions;
    peers: Map<Machine, Peer>;
  }) {
    this.#options = options;
    this.#sessions = sessions;
    this.#peers = peers;
  }

  /**
   * Takes a registration: the peer becomes the machine's control socket, or is refused. The text of
   * the refusal is for the caller to send.
   *
   * Spec: wire.md 2.2
   */
  register(peer: Peer, message: Register): string | undefined {
    const { access, registry, clock, audit } = this.#options;
    const wallMs = clock.wallMs();
    if (message.agentId === "") return "register: agentId is required";
    const rules = access();
    const caller = rules.authenticate(message.token, wallMs);
    const mayRegister = (machine: string) => rules.canRegister(caller, machine);
    if (!mayRegister(message.machineName)) {
      const { remoteAddress: source } = peer.connection;
      this.#log(`register refused: ${brief(message.machineName)} from ${source}`);
      const reason = "may not register";
      audit.record(refusal(caller, { machine: message.machineName, source, reason }));
      return "Access denied";
    }
    const entered = registry.register(message, { wallMs, mayRegister });
    if (entered === undefined) return "register: too many machines on this hub";
    if (entered.evicted !== undefined) this.#evict(entered.evicted);
    this.#attach(peer, entered.machine);
    this.#confirm(peer, entered.machine, identityOf(caller));
    return undefined;
  }

  /** Takes note of a pong of a machine's agent. */
  seen(machine: Machine): void {
    machine.lastSeenMs = this.#options.clock.wallMs();
  }

  /** Pings every agent. Spec: wire.md 1.3 */
  pingAll(): void {
    for (const { connection } of this.#peers.values()) {
      if (connection.bufferedBytes > ABORT_BYTES) connection.abort();
      else connection.ping();
    }
  }

  /** The control socket of a machine is gone, and with it its sessions. Spec: wire.md 3.6 */
  lost(peer: Peer, machine: Machine): void {
    if (this.#peers.get(machine) !== peer) return;
    this.#peers.delete(machine);
    machine.isOnline = false;
    this.#sessions.endAll(machine);
    this.#options.audit.record({
      event: "agent-gone",
      machine: machine.name,
      source: peer.connection.remoteAddress,
      detail: "agent disconnected",
    });
    this.#log(`agent disconnected: ${brief(machine.name)}`);
  }

  #attach(peer: Peer, machine: Machine): void {
    const { state } = peer;
    if (state.kind === "control" && state.machine !== machine) this.lost(peer, state.machine);
    const previous = this.#peers.get(machine);
    // Its disconnect no longer counts, so that sessions live on.
    if (previous !== undefined && previous !== peer) previous.cut();
    this.#peers.set(machine, peer);
    machine.isOnline = true;
    peer.state = { kind: "control", machine };
  }

  #confirm(peer: Peer, machine: Machine, identity: string | undefined): void {
    const { audit, defaultUpdate } = this.#options;
    const update = defaultUpdate();
    peer.send({
      type: "registered",
      machineId: machine.name,
      ...(update !== undefined && { defaultUpdate: update }),
    });
    const { remoteAddress: source } = peer.connection;
    const detail = `ports=[${machine.ports.slice(0, MAX_PORTS_NAMED).join(" ")}]`;
    audit.record({ event: "register", identity, machine: machine.name, source, detail });
    this.#log(`registered: ${brief(machine.name)} from ${source}`);
  }

  #evict(machine: Machine): void {
    const peer = this.#peers.get(machine);
    if (peer === undefined) return;
    this.lost(peer, machine);
    peer.cut();
  }

  #log(text: string): void {
    this.#options.log(text);
  }
}
