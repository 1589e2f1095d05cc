import { encodeHex } from "../../core/bytes/mod.ts";
import type { Connect, SessionJoin } from "../../core/control/mod.ts";
import { type Caller, fromSource } from "../access/mod.ts";
import type { AuditEntry } from "../audit/mod.ts";
import { isGranted, type Machine } from "../registry/mod.ts";
import type { FrameSink, UdpLease } from "../udp/mod.ts";
import {
  brief,
  deny,
  type Holder,
  holderOf,
  INVALID_TOKEN,
  type SwitchboardOptions,
  throttledText,
} from "./context.ts";
import { PartedSessions, type SessionRight } from "./parted.ts";
import { type PartedRight, PartedUdp } from "./parted_udp.ts";
import type { Peer } from "./peer.ts";
import { MAX_SESSIONS_PER_MACHINE, type Session, SessionTable } from "./session_table.ts";

/** How long an agent may take to join after it has been asked. Spec: wire.md 3.2 */
const JOIN_TIMEOUT_MS = 30_000;

/** Services named in a record at most. */
const MAX_SERVICES_NAMED = 32;

/** The services that a client asks for, all of the machine's if it names no ports. */
function describeServices({ services }: Machine, ports: readonly number[]): string {
  const asked = ports.length === 0
    ? services.map(({ name, port }) => `${name}:${port}`)
    : ports.slice(0, MAX_SERVICES_NAMED).map((port) => {
      const service = services.find((candidate) => candidate.port === port);
      return service === undefined ? `${port}` : `${service.name}:${port}`;
    });
  return asked.length === 0 ? "" : `services=${asked.slice(0, MAX_SERVICES_NAMED).join(",")}`;
}

/** The ports of the services that a grant names; undefined if it covers the whole machine. */
function portsGranted(
  { services }: Machine,
  granted: readonly string[] | undefined,
): readonly number[] | undefined {
  if (granted === undefined) return undefined;
  return services.filter((service) => isGranted(service, granted)).map(({ port }) => port);
}

/** Tells the agent, if it has joined. Spec: wire.md 3.6; `final` is an addition of ours */
function endAtAgent({ agent }: Session, { isFinal }: { isFinal: boolean }): void {
  if (agent === undefined) return;
  agent.send({ type: "session-end", ...(isFinal && { final: true }) });
  agent.retire();
  agent.connection.closeNow(1000, "session ended");
}

/** Ends UDP of a session, if it has any, and keeps what was relayed by it. */
function endUdp(session: Session): void {
  const { udp } = session;
  if (udp === undefined) return;
  countUdp(session, udp);
  udp.end();
  session.udp = undefined;
}

function countUdp({ traffic }: Session, udp: UdpLease): void {
  traffic.toAgentBytes += udp.relayedBytes("client");
  traffic.toClientBytes += udp.relayedBytes("agent");
}

/** Takes frames for an end that is not on UDP, as long as its socket is there. */
function sinkOf(peer: Peer): FrameSink {
  return {
    frame: (bytes, start, end) =>
      peer.state.kind !== "ended" && peer.outflow.datagram(bytes, start, end),
  };
}

/** The sessions of clients: asked for, joined by the agent, ended. Spec: wire.md 2.3, 2.4, 3 */
export class Sessions {
  readonly #options: SwitchboardOptions;
  readonly #controls: ReadonlyMap<Machine, Peer>;
  readonly #table = new SessionTable();
  readonly #parted = new PartedSessions();
  readonly #partedUdp: PartedUdp;

  /** @param controls the control socket of each machine that is online */
  constructor(options: SwitchboardOptions, controls: ReadonlyMap<Machine, Peer>) {
    this.#options = options;
    this.#controls = controls;
    this.#partedUdp = new PartedUdp(options.clock);
  }

  /** How many sessions there are, and how many of them the agent has joined. */
  get counts(): { readonly all: number; readonly joined: number } {
    const sessions = this.#table.all();
    const joined = sessions.filter(({ agent }) => agent !== undefined).length;
    return { all: sessions.length, joined };
  }

  /** How many sessions a machine has, joined or not. */
  countOf(machine: Machine): number {
    return this.#table.countOf(machine);
  }

  /**
   * Opens a session for a client and asks the agent to join it, or gives the text of a refusal.
   *
   * Spec: wire.md 2.3. Deviation: permission is checked before existence, so that names cannot be
   * probed.
   */
  connect(peer: Peer, message: Connect): string | undefined {
    const { access, authenticator, registry } = this.#options;
    const rules = access();
    const { remoteAddress } = peer.connection;
    const caller = authenticator.identify(message.token, remoteAddress);
    if (caller.kind === "throttled") return throttledText(caller.waitMs);
    if (!rules.canConnect(caller, message.machineId)) {
      const detail = brief(message.machineId);
      this.#options.repeats.note(fromSource({ what: "connect refused", detail, remoteAddress }));
      const denied = { peer, machine: message.machineId, reason: "may not connect" };
      deny(this.#options, caller, denied);
      return "Access denied";
    }
    const machine = registry.byName(message.machineId);
    const control = machine && this.#controls.get(machine);
    if (machine === undefined || control === undefined) return "Machine not found";
    if (!rules.isEnabled && !machine.admits(message.token)) return "Invalid token";
    const index = this.#table.freeIndex(machine);
    if (index === undefined) {
      return `Too many sessions for this machine (max ${MAX_SESSIONS_PER_MACHINE})`;
    }
    this.#open({ client: peer, control, machine, index, message, caller });
    return undefined;
  }

  /**
   * Pairs the socket of an agent with the client that waits, or gives the text of a refusal. A
   * second join takes the place of the first. Knowing the session id is the authority to join.
   *
   * Spec: wire.md 2.4, 7 (5)
   */
  join(peer: Peer, message: SessionJoin): string | undefined {
    if (this.#options.registry.byName(message.machineId) === undefined) return "Machine not found";
    const session = this.#table.byId(message.sessionId);
    if (session === undefined || session.machine.name !== message.machineId) {
      return "Session not found";
    }
    session.joinTimer.cancel();
    session.agent?.cut();
    session.agent = peer;
    session.agentHolder = this.#agentHolder(session.machine);
    session.grace.agentSeconds = message.udpGrace ?? 0;
    peer.state = { kind: "agent", session };
    peer.target = session.client.outflow;
    session.client.target = peer.outflow;
    const { wgPubKey } = session;
    peer.send({ type: "session-start", ...(wgPubKey !== "" && { wgPubKey }) });
    session.client.send({ type: "ready", sessionIdx: session.index });
    this.#offerUdp(session, peer);
    this.#log(session, "paired");
    return undefined;
  }

  /** The client's socket is gone. Spec: wire.md 3.6 */
  clientLost(session: Session): void {
    this.#part(session);
    this.#close(session, "client left");
    session.client.retire();
    endAtAgent(session, { isFinal: false });
  }

  /**
   * Ends the sessions whose client has lost its right, or may reach fewer ports than before: neither
   * end may go on with one, by whatever path.
   *
   * @param machine whose sessions are looked at; all if undefined
   */
  enforce(machine?: Machine): void {
    const sessions = machine === undefined ? this.#table.all() : this.#table.of(machine);
    for (const session of sessions) {
      const reason = this.#reasonAgainst(session);
      if (reason === undefined) continue;
      this.#close(session, reason);
      endAtAgent(session, { isFinal: true });
      session.client.refuse(`Access denied: ${reason}`);
    }
    for (const session of this.#parted.of(machine)) this.#withdrawParted(session);
    this.#partedUdp.enforce((right) => this.#isWithdrawn(right));
  }

  /** An agent that is away is told when it is back. */
  #withdrawParted(session: SessionRight): void {
    const control = this.#controls.get(session.machine);
    if (control === undefined || this.#reasonAgainst(session) === undefined) return;
    this.#parted.forget(session);
    control.send({ type: "session-end", final: true, wgPubKey: session.wgPubKey });
  }

  /** The agent's socket of the session is gone. Spec: wire.md 3.6 */
  agentLost(session: Session): void {
    this.#part(session);
    this.#close(session, "agent left");
    session.agent?.retire();
    session.client.dismiss("agent session ended");
  }

  /**
   * The machine is gone: ends all of its sessions.
   *
   * Spec: wire.md 3.6
   *
   * @param isFinal whether the agent may not take them up again
   */
  endAll(machine: Machine, { isFinal }: { isFinal: boolean }): void {
    if (isFinal) this.#partedUdp.enforce((right) => right.machine === machine);
    for (const session of this.#table.of(machine)) {
      if (!isFinal) this.#part(session);
      this.#close(session, "agent gone");
      // So that a client of ours does not wait for an agent that must not come back.
      if (isFinal) session.client.send({ type: "peer-leave" });
      session.client.dismiss("agent disconnected");
      if (isFinal) endAtAgent(session, { isFinal });
      else session.agent?.cut();
    }
  }

  /** Forgets all sessions, whose peers somebody else sends away, as the hub stops. */
  clear(): void {
    for (const session of this.#table.all()) this.#close(session, "hub stopping");
    this.#partedUdp.enforce(() => true);
  }

  /** What goes on without sockets is remembered, and may do so by UDP for a while. */
  #part(session: Session): void {
    const { udp } = session;
    this.#parted.add(session);
    this.#partedUdp.take(session);
    // What it relays from now on is no part of the session, which is recorded as ended.
    if (udp !== undefined && session.udp === undefined) countUdp(session, udp);
  }

  /** Whether either end may not have the session any more; nobody is there to be told. */
  #isWithdrawn(right: PartedRight): boolean {
    const { access, clock } = this.#options;
    const agent = access().authenticateDigest(right.agentHolder?.digest, clock.wallMs());
    return this.#reasonAgainst(right) !== undefined ||
      !access().canRegister(agent, right.machine.name);
  }

  /** Whose token the machine's agent has registered with. */
  #agentHolder(machine: Machine): Holder | undefined {
    const state = this.#controls.get(machine)?.state;
    return state?.kind === "control" ? state.holder : undefined;
  }

  #reasonAgainst({ holder, machine, allowedPorts }: SessionRight): string | undefined {
    const { access, clock } = this.#options;
    const rules = access();
    const caller = rules.authenticateDigest(holder?.digest, clock.wallMs());
    if (caller.kind === "anonymous") return INVALID_TOKEN;
    if (!rules.canConnect(caller, machine.name)) return "may not connect any more";
    const ports = portsGranted(machine, rules.grantedServices(caller, machine.name));
    const isNarrower = ports !== undefined &&
      (allowedPorts === undefined || allowedPorts.some((port) => !ports.includes(port)));
    return isNarrower ? "may reach fewer services now; connect again" : undefined;
  }

  #open({ client, control, machine, index, message, caller }: {
    client: Peer;
    control: Peer;
    machine: Machine;
    index: number;
    message: Connect;
    caller: Caller;
  }): void {
    const { access, clock, random } = this.#options;
    const idBytes = new Uint8Array(8);
    random(idBytes);
    const session: Session = {
      id: encodeHex(idBytes),
      index,
      machine,
      client,
      holder: holderOf(caller),
      allowedPorts: portsGranted(machine, access().grantedServices(caller, machine.name)),
      wgPubKey: message.wgPubKey ?? "",
      detail: describeServices(machine, message.ports ?? []),
      joinTimer: clock.setTimer(() => this.#notJoined(session), JOIN_TIMEOUT_MS),
      agent: undefined,
      agentHolder: undefined,
      grace: { clientSeconds: message.udpGrace ?? 0, agentSeconds: 0 },
      openedMs: clock.nowMs(),
      traffic: { toAgentBytes: 0, toClientBytes: 0 },
      udp: undefined,
    };
    this.#table.add(session);
    this.#parted.forget(session);
    client.state = { kind: "client", session };
    const { id: sessionId, wgPubKey, allowedPorts } = session;
    control.send({
      type: "session-request",
      sessionId,
      sessionIdx: index,
      wgPubKey,
      ...(allowedPorts !== undefined && { allowedPorts: [...allowedPorts] }),
    });
    this.#record(session, { event: "session-open" });
    this.#log(session, `opened by ${client.connection.remoteAddress}`);
  }

  /** New tokens for each pairing; those of an earlier one die with it. Spec: wire.md 3.1, 5.1 */
  #offerUdp(session: Session, agent: Peer): void {
    const { client } = session;
    endUdp(session);
    this.#partedUdp.end(session.wgPubKey);
    session.udp = this.#options.udp?.lease({ agent: sinkOf(agent), client: sinkOf(client) });
    if (session.udp === undefined) return;
    agent.send(session.udp.offers.agent);
    client.send(session.udp.offers.client);
  }

  #notJoined(session: Session): void {
    this.#close(session, "not joined");
    session.client.dismiss("agent did not join session");
  }

  /** @param reason why it ended; history tells some of them apart */
  #close(session: Session, reason: string): void {
    session.joinTimer.cancel();
    endUdp(session);
    this.#table.remove(session);
    this.#log(session, reason);
    const durationMs = Math.round(this.#options.clock.nowMs() - session.openedMs);
    this.#record(session, {
      event: "session-close",
      reason,
      data: { ...session.traffic, durationMs },
    });
  }

  #record(
    { id, index, holder, machine, client, detail }: Session,
    entry: Pick<AuditEntry, "event" | "reason" | "data">,
  ): void {
    const { remoteAddress: source } = client.connection;
    // The whole id is the authority to join.
    const data = { session: id.slice(0, 8), index, ...entry.data };
    const whose = { identity: holder?.id, machine: machine.name, source };
    this.#options.audit.record({ ...entry, ...whose, detail, data });
  }

  #log({ id, index, machine }: Session, what: string): void {
    this.#options.log(
      `session ${id.slice(0, 8)} of ${brief(machine.name)} index ${index}: ${what}`,
    );
  }
}
