import { backoffDelayMs, resumeDelayMs, sleep } from "../core/clock/mod.ts";
import type {
  ControlMessage,
  DefaultUpdate,
  MgmtRequest,
  MgmtResponse,
} from "../core/control/mod.ts";
import { parseHubAddress } from "../core/hub_api/mod.ts";
import { RepeatLog } from "../core/log/mod.ts";
import type { HubSocket, PathKind, StunServer } from "../core/path/mod.ts";
import type { MachineConfig } from "./config.ts";
import { Deadline } from "./deadline.ts";
import type { Registration } from "./registration.ts";
import { isRefusal, registerMessage, type RegisterOptions } from "./register.ts";
import { Sessions } from "./sessions.ts";
import { reasonOf, type Surroundings } from "./surroundings.ts";

/** A hub that accepts a connection and then says nothing would hold an agent forever. */
const REGISTER_TIMEOUT_MS = 30_000;

/**
 * After a refusal of its token an agent tries again this often: a person may add or restore the
 * token at the hub and cannot always reach the machine.
 */
export const REFUSED_RETRY_MS = 300_000;

/** A connection that was lost sooner is no reason to be back without any delay. */
const SHORT_LIVED_MS = 1_000;

/** Answers to management requests that may wait until the hub reads them. */
const MAX_UNREAD_ANSWER_BYTES = 4 * 1024 * 1024;

/** Errors of a hub that begin alike are told together; so much of each is kept. */
const COMPARED_CHARS = 100;

/** WebSocket close codes. Spec: RFC 6455 §7.4.1 */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

/** Options of {@linkcode runMachine}. */
export interface MachineOptions extends RegisterOptions {
  /** URL of the hub. */
  hub: string;
  /** What to serve. */
  machine: MachineConfig;
  /** What to register it as. */
  registration: Registration;
  /** Answers management requests; never rejects. */
  manage: (request: MgmtRequest) => Promise<MgmtResponse>;
  /** Largest IP packet sent, in bytes. */
  mtuBytes: number;
  /** How long a session waits for a client that has lost its connection, in ms; 0 for not at all. */
  graceMs: number;
  /** Paths to send by; undefined for all. */
  paths?: readonly PathKind[] | undefined;
  /** STUN servers besides the hub. Default: none. */
  stunServers?: readonly StunServer[] | undefined;
  /** Whether a refusal of the token ends the machine instead of being retried slowly. */
  exitOnRefusal: boolean;
  /** Told the update settings that the hub suggests. */
  onUpdate: (suggested: DefaultUpdate) => void;
  /** Clock, log, and how the rest is reached. */
  surroundings: Surroundings;
  /** Ends the machine. */
  signal: AbortSignal;
}

/** Why a machine has ended: it was told to, or the hub refused its token. */
export type MachineEnd = "stopped" | "refused";

/** How far a control connection came, and why it ended. */
interface Attempt {
  readonly registered: boolean;
  readonly refused: boolean;
  readonly reason: string;
  readonly lastedMs: number;
}

/** One control connection, from its first message to its end. */
class Control {
  registered = false;
  refusal: string | undefined;
  readonly #options: MachineOptions;
  readonly #socket: HubSocket;
  readonly #sessions: Sessions;
  readonly #errors: RepeatLog;

  constructor(options: MachineOptions, { socket, sessions }: {
    socket: HubSocket;
    sessions: Sessions;
  }) {
    this.#options = options;
    this.#socket = socket;
    this.#sessions = sessions;
    const { log, clock } = options.surroundings;
    this.#errors = new RepeatLog(log, { clock });
  }

  /** Registers and serves; gives the reason of the end. */
  async run(): Promise<string> {
    const { clock } = this.#options.surroundings;
    using deadline = new Deadline({
      clock,
      timeoutMs: REGISTER_TIMEOUT_MS,
      message: `the hub did not answer within ${REGISTER_TIMEOUT_MS / 1000} s`,
      parent: this.#options.signal,
    });
    const { signal } = deadline;
    const onAbort = () => this.#socket.close(GOING_AWAY, "agent leaving");
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      signal.throwIfAborted();
      this.#register();
      this.#options.registration.onChange = () => this.#register();
      while (this.refusal === undefined) {
        const message = await this.#socket.next();
        if (message === undefined) break;
        this.#take(message);
        if (this.registered) deadline.meet();
      }
      return this.refusal ?? (signal.aborted ? reasonOf(signal.reason) : await this.#closeReason());
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#options.registration.onChange = undefined;
      this.#socket.close(GOING_AWAY, "agent leaving");
      const lost = this.#sessions.disconnected("the connection to the hub has ended");
      await Promise.all([lost, this.#socket.closed]);
      this.#errors.flush();
    }
  }

  #register(): void {
    const { machine } = this.#options.registration;
    this.#socket.send(registerMessage(machine, registerOptions(this.#options)));
  }

  async #manage(request: MgmtRequest): Promise<void> {
    if (this.#socket.bufferedBytes > MAX_UNREAD_ANSWER_BYTES) {
      return this.#socket.close(POLICY_VIOLATION, "answers are not read");
    }
    this.#socket.send(await this.#options.manage(request));
  }

  async #closeReason(): Promise<string> {
    const { code, reason } = await this.#socket.closed;
    return `the connection ended (${code}${reason && ` ${reason}`})`;
  }

  #report(error: string): void {
    const which = `of ${JSON.stringify(error.slice(0, COMPARED_CHARS))}`;
    this.#errors.note({ what: "the hub reports an error", detail: error, which });
  }

  #take(message: ControlMessage): void {
    const { surroundings, machine, hub, onUpdate } = this.#options;
    switch (message.type) {
      case "registered":
        if (!this.registered) {
          surroundings.log(`registered with ${parseHubAddress(hub).shownUrl} as ${machine.name}`);
        }
        this.registered = true;
        this.#sessions.connected();
        if (message.defaultUpdate !== undefined) onUpdate(message.defaultUpdate);
        break;
      case "error":
        if (isRefusal(message.message)) this.refusal = message.message;
        else this.#report(message.message);
        break;
      case "session-request":
        this.#sessions.start(message);
        break;
      case "session-end":
        if (message.final && message.wgPubKey) this.#sessions.withdraw(message.wgPubKey);
        break;
      case "mgmt-request":
        this.#manage(message);
    }
  }
}

function registerOptions(options: MachineOptions): RegisterOptions {
  const { agentId, machineRegistrationId, agentVersion, identity } = options;
  return { agentId, machineRegistrationId, agentVersion, identity };
}

async function attempt(options: MachineOptions, sessions: Sessions): Promise<Attempt> {
  const { hub, surroundings, signal } = options;
  const startMs = surroundings.clock.nowMs();
  surroundings.log(`connecting to ${parseHubAddress(hub).shownUrl}`);
  let control: Control | undefined;
  let reason: string;
  try {
    const socket = await surroundings.dialHub({ url: hub, signal });
    control = new Control(options, { socket, sessions });
    reason = await control.run();
  } catch (error) {
    // Whatever went wrong concerns this machine alone; the others of the process go on.
    reason = reasonOf(error);
  }
  const refused = control?.refusal !== undefined;
  const lastedMs = surroundings.clock.nowMs() - startMs;
  return { registered: control?.registered ?? false, refused, reason, lastedMs };
}

/** Waits before the next attempt; false if it was told to stop meanwhile. */
async function pause(options: MachineOptions, delayMs: number): Promise<boolean> {
  try {
    await sleep(options.surroundings.clock, delayMs, options.signal);
    return true;
  } catch (error) {
    if (!options.signal.aborted) throw error;
    return false;
  }
}

/** Keeps the machine registered until it is told to stop, or is refused for good. */
async function keepRegistered(options: MachineOptions, sessions: Sessions): Promise<MachineEnd> {
  const { surroundings: { clock, log, random }, graceMs, signal } = options;
  let failures = 0;
  let lostMs = -Infinity;
  while (!signal.aborted) {
    const { registered, refused, reason, lastedMs } = await attempt(options, sessions);
    if (signal.aborted) break;
    if (refused && options.exitOnRefusal) {
      log(`the hub refuses this agent: ${reason}`);
      return "refused";
    }
    // Whoever may not register may not serve what it served before, either.
    if (refused) await sessions.close("the hub refuses this agent");
    if (registered) {
      failures = 0;
      lostMs = clock.nowMs();
    }
    const isNew = clock.nowMs() - lostMs < graceMs;
    const isAwaited = sessions.waits || sessions.awaitsReturn && isNew;
    if (isAwaited && failures === 0 && lastedMs < SHORT_LIVED_MS) failures = 1;
    const backoff = { attempt: failures++, random };
    const delayMs = refused
      ? REFUSED_RETRY_MS
      : isAwaited
      ? resumeDelayMs(backoff)
      : backoffDelayMs(backoff);
    const next = delayMs === 0 ? "now" : `in ${formatSeconds(delayMs)} s`;
    log(
      refused
        ? `the hub refuses this agent: ${reason}; check its token; next attempt ${next}`
        : `${registered ? "disconnected" : "not connected"}: ${reason}; next attempt ${next}`,
    );
    if (!await pause(options, delayMs)) break;
  }
  return "stopped";
}

/** Whole seconds, or tenths of what is shorter. */
function formatSeconds(ms: number): string {
  return ms < 1000 ? (ms / 1000).toFixed(1) : String(Math.round(ms / 1000));
}

/**
 * Keeps one machine registered with its hub and serves its clients, until it is told to stop. A lost
 * connection is made again after 3 s to 300 s; at once, and then every 3 s at the latest, while a
 * client may come back to its session.
 *
 * Spec: agent.md 2, wire.md 3.2. Deviation: the reference gives up for good when the hub refuses its
 * token; this one tries every 5 minutes, unless told to end.
 */
export async function runMachine(options: MachineOptions): Promise<MachineEnd> {
  const sessions = new Sessions(options);
  const end = await keepRegistered(options, sessions);
  await sessions.close("the agent is stopping");
  if (end === "stopped") options.surroundings.log("stopped");
  return end;
}
