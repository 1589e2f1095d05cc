import { encodeHex } from "../../core/bytes/mod.ts";
import type { Connect, SessionJoin } from "../../core/control/mod.ts";
import type { AuditEntry } from "../audit/mod.ts";
import type { Machine } from "../registry/mod.ts";
import { brief, identityOf, refusal, type SwitchboardOptions } from "./context.ts";
import type { Peer } from "./peer.ts";
import { MAX_SESSIONS_PER_MACHINE, type Session, SessionTable } from "./session_table.ts";

/** Why a session ended. */
export type SessionEnd = "client left" | "agent left" | "agent gone" | "not joined";

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

/** The sessions of clients: asked for, joined by the agent, ended. Spec: wire.md 2.3, 2.4, 3 */
export class Sessions {
  readonly #options: SwitchboardOptions;
  readonly #controls: ReadonlyMap<Machine, Peer>;
  readonly #table = new SessionTable();

  /** @param controls the control socket of each machine that is online */
  constructor(options: SwitchboardOptions, controls: ReadonlyMap<Machine, Peer>) {
    this.#options = options;
    this.#controls = controls;
  }

  /** How many sessions there are. */
  get count(): number {
    return this.#table.count;
  }

  /** How many sessions the agent has joined. */
  get joined(): number {
    return this.#table.joined;
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
    const { access, registry, clock, audit, log } = this.#options;
    const rules = access();
    const caller = rules.authenticate(message.token, clock.wallMs());
    if (!rules.canConnect(caller, message.machineId)) {
      const { remoteAddress: source } = peer.connection;
      log(`connect refused: ${brief(message.machineId)} from ${source}`);
      audit.record(refusal(caller, {
        machine: message.machineId,
        source,
        reason: "may not connect",
      }));
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
    this.#open({ client: peer, control, machine, index, message, identity: identityOf(caller) });
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
    peer.state = { kind: "agent", session };
    peer.target = session.client.outflow;
    session.client.target = peer.outflow;
    const { wgPubKey } = session;
    peer.send({ type: "session-start", ...(wgPubKey !== "" && { wgPubKey }) });
    session.client.send({ type: "ready", sessionIdx: session.index });
    this.#log(session, "paired");
    return undefined;
  }

  /** The client's socket is gone. Spec: wire.md 3.6 */
  clientLost(session: Session): void {
    this.#close(session, "client left");
    session.client.retire();
    const { agent } = session;
    if (agent === undefined) return;
    agent.send({ type: "session-end" });
    agent.retire();
    agent.connection.closeNow(1000, "session ended");
  }

  /** The agent's socket of the session is gone. Spec: wire.md 3.6 */
  agentLost(session: Session): void {
    this.#close(session, "agent left");
    session.agent?.retire();
    session.client.dismiss("agent session ended");
  }

  /** The machine is gone: ends all of its sessions. Spec: wire.md 3.6 */
  endAll(machine: Machine): void {
    for (const session of this.#table.of(machine)) {
      this.#close(session, "agent gone");
      session.client.dismiss("agent disconnected");
      session.agent?.cut();
    }
  }

  #open({ client, control, machine, index, message, identity }: {
    client: Peer;
    control: Peer;
    machine: Machine;
    index: number;
    message: Connect;
    identity: string | undefined;
  }): void {
    const { clock, random } = this.#options;
    const idBytes = new Uint8Array(8);
    random(idBytes);
    const session: Session = {
      id: encodeHex(idBytes),
      index,
      machine,
      client,
      wgPubKey: message.wgPubKey ?? "",
      detail: describeServices(machine, message.ports ?? []),
      joinTimer: clock.setTimer(() => this.#notJoined(session), JOIN_TIMEOUT_MS),
      agent: undefined,
      identity,
      openedMs: clock.nowMs(),
      traffic: { toAgentBytes: 0, toClientBytes: 0 },
    };
    this.#table.add(session);
    client.state = { kind: "client", session };
    const { id: sessionId, wgPubKey } = session;
    control.send({ type: "session-request", sessionId, sessionIdx: index, wgPubKey });
    this.#record(session, { event: "session-open" });
    this.#log(session, `opened by ${client.connection.remoteAddress}`);
  }

  #notJoined(session: Session): void {
    this.#close(session, "not joined");
    session.client.dismiss("agent did not join session");
  }

  #close(session: Session, reason: SessionEnd): void {
    session.joinTimer.cancel();
    this.#table.remove(session);
    this.#log(session, reason);
    const durationMs = Math.round(this.#options.clock.nowMs() - session.openedMs);
    const data = { ...session.traffic, durationMs };
    this.#record(session, { event: "session-close", reason, data });
  }

  #record(
    { id, index, identity, machine, client, detail }: Session,
    entry: Pick<AuditEntry, "event" | "reason" | "data">,
  ): void {
    const { remoteAddress: source } = client.connection;
    // The whole id is the authority to join.
    const data = { session: id.slice(0, 8), index, ...entry.data };
    this.#options.audit.record({ ...entry, identity, machine: machine.name, source, detail, data });
  }

  #log({ id, index, machine }: Session, what: string): void {
    this.#options.log(
      `session ${id.slice(0, 8)} of ${brief(machine.name)} index ${index}: ${what}`,
    );
  }
}
