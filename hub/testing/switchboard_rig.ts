import { ManualClock } from "../../core/clock/mod.ts";
import type { DefaultUpdate } from "../../core/control/mod.ts";
import { createLog, RepeatLog } from "../../core/log/mod.ts";
import { Access, Authenticator } from "../access/mod.ts";
import { type AuditEntry, pendingRecord } from "../audit/mod.ts";
import type { AuthConfig } from "../config/mod.ts";
import { History } from "../history/mod.ts";
import { Registry } from "../registry/mod.ts";
import { Switchboard } from "../sessions/mod.ts";
import type { UdpCarrier } from "../udp/mod.ts";
import { FakeConnection } from "./fake_connection.ts";

/** Options of {@linkcode SwitchboardRig}. */
export interface RigOptions {
  /** Who may do what. Default: nobody is asked. */
  readonly auth?: AuthConfig;
  /** Relays by UDP. Default: nobody. */
  readonly udp?: UdpCarrier;
  /** What agents are told about updates. Default: nothing. */
  readonly defaultUpdate?: DefaultUpdate;
  /** Time of day at the start. Default: 2026-08-01, 9:00 UTC. */
  readonly wallMs?: number;
}

/** A switchboard with all that belongs to it, a manual clock and peers in memory. */
export class SwitchboardRig {
  /** Time, which passes when the test says so. */
  readonly clock: ManualClock;
  /** What was logged. */
  readonly lines: string[] = [];
  /** What was recorded. */
  readonly audited: AuditEntry[] = [];
  /** Finds out who dials in. */
  readonly authenticator: Authenticator;
  /** What happened, as history tells it. */
  readonly history: History = new History();
  /** Takes what is repeated, for the log. */
  readonly repeats: RepeatLog;
  /** The machines. */
  readonly registry: Registry;
  /** The switchboard under test. */
  readonly switchboard: Switchboard;
  /** Who may do what; may be replaced while it runs. */
  access: Access;
  #made = 0;

  /** Starts with no peers. */
  constructor(options: RigOptions = {}) {
    const { auth = { tokens: [], machines: new Map() }, defaultUpdate, udp } = options;
    this.clock = new ManualClock(options.wallMs ?? Date.UTC(2026, 7, 1, 9));
    this.access = new Access(auth);
    this.registry = new Registry({ newId: () => `made-${++this.#made}` });
    const access = () => this.access;
    const audit = {
      record: (entry: AuditEntry) => {
        this.audited.push(entry);
        this.history.add(pendingRecord(entry, this.clock.wallMs()));
      },
    };
    const write = (line: string) => void this.lines.push(line);
    const log = createLog({ component: "hub", clock: this.clock, write });
    this.repeats = new RepeatLog(log, { clock: this.clock });
    this.authenticator = new Authenticator({ access, clock: this.clock, audit });
    this.switchboard = new Switchboard({
      registry: this.registry,
      access,
      authenticator: this.authenticator,
      audit,
      udp,
      defaultUpdate: () => defaultUpdate,
      clock: this.clock,
      random: (out) => {
        this.#made++;
        for (let i = 0; i < out.length; i++) out[i] = this.#made >>> (i % 4 * 8);
      },
      repeats: this.repeats,
      log,
    });
  }

  /** A peer dials in. */
  dial(): FakeConnection {
    const connection = new FakeConnection();
    this.switchboard.serve(connection);
    return connection;
  }

  /** An agent dials in and registers; the answer has been taken. */
  agent(machineName = "barn", fields: object = {}): FakeConnection {
    const agent = this.dial();
    agent.text({ type: "register", agentId: "agent-1", machineName, ...fields });
    agent.takeMessages();
    return agent;
  }

  /** A client dials in and asks for a machine. */
  client(machineId = "barn", fields: object = {}): FakeConnection {
    const client = this.dial();
    client.text({ type: "connect", machineId, wgPubKey: "c1", ...fields });
    return client;
  }

  /** A client and the agent's session socket, paired; all messages so far have been taken. */
  pair(
    agent: FakeConnection,
    machine = "barn",
  ): { client: FakeConnection; joined: FakeConnection } {
    const client = this.client(machine);
    const [request] = agent.takeMessages() as { sessionId: string }[];
    const joined = this.dial();
    joined.text({ type: "session-join", machineId: machine, sessionId: request!.sessionId });
    joined.takeMessages();
    client.takeMessages();
    return { client, joined };
  }

  /** Lets what a lost socket leads to happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }
}
