import type { Register } from "../../core/control/mod.ts";
import { fromSource } from "../access/mod.ts";
import type { Machine } from "../registry/mod.ts";
import {
  brief,
  deny,
  holderOf,
  INVALID_TOKEN,
  type SwitchboardOptions,
  throttledText,
} from "./context.ts";
import type { ControlState, Peer } from "./peer.ts";
import type { Sessions } from "./sessions.ts";

/** Bytes queued for a control socket at which its agent is given up. */
const ABORT_BYTES = 1024 * 1024;

/** An agent that is silent for so long is pinged, whose answer shows that it lives. */
const IDLE_PING_MS = 4000;

/** An agent that is not silent is pinged so often, as its answer is "last seen". Spec: wire.md 1.3 */
const BUSY_PING_MS = 10_000;

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
    const { access, authenticator, registry, clock } = this.#options;
    const wallMs = clock.wallMs();
    if (message.agentId === "") return "register: agentId is required";
    const { remoteAddress } = peer.connection;
    const caller = authenticator.identify(message.token, remoteAddress);
    if (caller.kind === "throttled") return throttledText(caller.waitMs);
    const mayRegister = (machine: string) => access().canRegister(caller, machine);
    const { machineName } = message;
    if (!mayRegister(machineName)) {
      const detail = brief(machineName);
      this.#options.repeats.note(fromSource({ what: "register refused", detail, remoteAddress }));
      deny(this.#options, caller, { peer, machine: machineName, reason: "may not register" });
      return "Access denied";
    }
    const holder = holderOf(caller);
    const context = { wallMs, tokenDigest: holder?.digest, mayRegister };
    const entered = registry.register(message, context);
    if (entered === undefined) return "register: too many machines on this hub";
    if (entered.evicted !== undefined) this.#evict(entered.evicted);
    const control = { machine: entered.machine, holder };
    this.#attach(peer, control);
    this.#confirm(peer, control);
    // Its services may be on other ports now than those that its clients were allowed.
    this.#sessions.enforce(entered.machine);
    return undefined;
  }

  /** Ends the control sockets of agents that may no longer register, and all of their sessions. */
  enforce(): void {
    const { access, clock } = this.#options;
    const wallMs = clock.wallMs();
    for (const [machine, peer] of this.#peers) {
      const { state } = peer;
      if (state.kind !== "control") continue;
      const caller = access().authenticateDigest(state.holder?.digest, wallMs);
      if (access().canRegister(caller, machine.name)) continue;
      const reason = caller.kind === "anonymous" ? INVALID_TOKEN : "may not register any more";
      this.lost(peer, state, { reason, isFinal: true });
      peer.refuse(`Access denied: ${reason}`);
    }
  }

  /** The control socket of a machine; undefined if it is offline. */
  of(machine: Machine): Peer | undefined {
    return this.#peers.get(machine);
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
  lost(
    peer: Peer,
    { machine, holder }: ControlState,
    { reason = "disconnected", isFinal = false }: { reason?: string; isFinal?: boolean } = {},
  ): void {
    if (this.#peers.get(machine) !== peer) return;
    this.#peers.delete(machine);
    machine.isOnline = false;
    this.#sessions.endAll(machine, { isFinal });
    const { name } = machine;
    const source = peer.connection.remoteAddress;
    const gone = { identity: holder?.id, machine: name, source, reason } as const;
    this.#options.audit.record({ event: "agent-gone", ...gone });
    this.#note("agent disconnected", { machine, source });
  }

  #attach(peer: Peer, { machine, holder }: Omit<ControlState, "kind">): void {
    const { state } = peer;
    if (state.kind === "control" && state.machine !== machine) this.lost(peer, state);
    const previous = this.#peers.get(machine);
    // Its disconnect no longer counts, so that sessions live on.
    if (previous !== undefined && previous !== peer) previous.cut();
    this.#peers.set(machine, peer);
    machine.isOnline = true;
    peer.state = { kind: "control", machine, holder };
  }

  #confirm(peer: Peer, { machine, holder }: Omit<ControlState, "kind">): void {
    const { audit, defaultUpdate } = this.#options;
    const update = defaultUpdate();
    peer.send({
      type: "registered",
      machineId: machine.name,
      ...(update !== undefined && { defaultUpdate: update }),
    });
    const { name, ports } = machine;
    const source = peer.connection.remoteAddress;
    const detail = `ports=[${ports.slice(0, MAX_PORTS_NAMED).join(" ")}]`;
    audit.record({ event: "register", identity: holder?.id, machine: name, source, detail });
    this.#note("registered", { machine, source });
  }

  #evict(machine: Machine): void {
    const peer = this.#peers.get(machine);
    if (peer?.state.kind !== "control") return;
    this.lost(peer, peer.state);
    peer.cut();
  }

  /** An agent may come and go any number of times, or register on one socket without end. */
  #note(what: string, { machine, source }: { machine: Machine; source: string }): void {
    const name = brief(machine.name);
    this.#options.repeats.note({ what, detail: `${name}, from ${source}`, which: `of ${name}` });
  }
}
