import type { Register } from "../../core/control/mod.ts";
import type { Machine } from "../registry/mod.ts";
import { brief, type SwitchboardOptions } from "./context.ts";
import type { Peer } from "./peer.ts";
import type { Sessions } from "./sessions.ts";

/** Bytes queued for a control socket at which its agent is given up. */
const ABORT_BYTES = 1024 * 1024;

/** An agent that is silent for so long is pinged, whose answer shows that it lives. */
const IDLE_PING_MS = 4000;

/** An agent that is not silent is pinged so often, as its answer is "last seen". Spec: wire.md 1.3 */
const BUSY_PING_MS = 10_000;

/** Ports named in a line of history at most. */
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
    const { access, registry, clock } = this.#options;
    const wallMs = clock.wallMs();
    if (message.agentId === "") return "register: agentId is required";
    const rules = access();
    const caller = rules.authenticate(message.token, wallMs);
    const mayRegister = (machine: string) => rules.canRegister(caller, machine);
    if (!mayRegister(message.machineName)) {
      this.#log(
        `register refused: ${brief(message.machineName)} from ${peer.connection.remoteAddress}`,
      );
      return "Access denied";
    }
    const entered = registry.register(message, { wallMs, mayRegister });
    if (entered === undefined) return "register: too many machines on this hub";
    if (entered.evicted !== undefined) this.#evict(entered.evicted);
    this.#attach(peer, entered.machine);
    this.#confirm(peer, entered.machine);
    return undefined;
  }

  /** Takes note of a ping or pong of a machine's agent. */
  seen(machine: Machine): void {
    machine.lastSeenMs = this.#options.clock.wallMs();
  }

  /** Pings an agent if that is due; to be called regularly. Spec: wire.md 1.3 */
  ping({ connection, pulse }: Peer, silentMs: number): void {
    const nowMs = this.#options.clock.nowMs();
    const sinceMs = nowMs - pulse.pingedMs;
    if (sinceMs < IDLE_PING_MS || (silentMs < IDLE_PING_MS && sinceMs < BUSY_PING_MS)) return;
    if (connection.bufferedBytes > ABORT_BYTES) return connection.abort();
    pulse.pingedMs = nowMs;
    connection.ping();
  }

  /** The control socket of a machine is gone, and with it its sessions. Spec: wire.md 3.6 */
  lost(peer: Peer, machine: Machine): void {
    if (this.#peers.get(machine) !== peer) return;
    this.#peers.delete(machine);
    machine.isOnline = false;
    this.#sessions.endAll(machine);
    const wallMs = this.#options.clock.wallMs();
    const detail = "agent disconnected";
    this.#options.history.add({ machine: machine.name, event: "agent-disconnect", wallMs, detail });
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

  #confirm(peer: Peer, machine: Machine): void {
    const { history, clock, defaultUpdate } = this.#options;
    const update = defaultUpdate();
    peer.send({
      type: "registered",
      machineId: machine.name,
      ...(update !== undefined && { defaultUpdate: update }),
    });
    const detail = `ports=[${machine.ports.slice(0, MAX_PORTS_NAMED).join(" ")}]`;
    history.add({ machine: machine.name, event: "agent-register", wallMs: clock.wallMs(), detail });
    this.#log(`registered: ${brief(machine.name)} from ${peer.connection.remoteAddress}`);
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
