import { backoffDelayMs, sleep } from "../core/clock/mod.ts";
import type { ControlMessage, DefaultUpdate } from "../core/control/mod.ts";
import type { HubSocket } from "../core/path/mod.ts";
import type { MachineConfig } from "./config.ts";
import { Deadline } from "./deadline.ts";
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

/** WebSocket close code of an end that leaves. */
const GOING_AWAY = 1001;

/** Options of {@linkcode runMachine}. */
export interface MachineOptions extends RegisterOptions {
  /** URL of the hub. */
  hub: string;
  /** What to register and serve. */
  machine: MachineConfig;
  /** Largest IP packet sent, in bytes. */
  mtuBytes: number;
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
}

/** A hub's URL for the log, without what may be secret in it. */
function shownUrl(hub: string): string {
  const { protocol, host, pathname } = new URL(hub);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

/** One control connection, from its first message to its end. */
class Control {
  registered = false;
  refusal: string | undefined;
  readonly #options: MachineOptions;
  readonly #socket: HubSocket;
  readonly #sessions: Sessions;

  constructor(options: MachineOptions, socket: HubSocket) {
    this.#options = options;
    this.#socket = socket;
    this.#sessions = new Sessions(options);
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
      this.#socket.send(registerMessage(this.#options.machine, registerOptions(this.#options)));
      while (this.refusal === undefined) {
        const message = await this.#socket.next();
        if (message === undefined) break;
        this.#take(message);
        if (this.registered) deadline.meet();
      }
      return this.refusal ?? (signal.aborted ? reasonOf(signal.reason) : await this.#closeReason());
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#socket.close(GOING_AWAY, "agent leaving");
      await Promise.all([this.#sessions.close(), this.#socket.closed]);
    }
  }

  async #closeReason(): Promise<string> {
    const { code, reason } = await this.#socket.closed;
    return `the connection ended (${code}${reason && ` ${reason}`})`;
  }

  #take(message: ControlMessage): void {
    const { surroundings, machine, hub, onUpdate } = this.#options;
    switch (message.type) {
      case "registered":
        if (!this.registered) {
          surroundings.log(`registered with ${shownUrl(hub)} as ${machine.name}`);
        }
        this.registered = true;
        if (message.defaultUpdate !== undefined) onUpdate(message.defaultUpdate);
        break;
      case "error":
        if (isRefusal(message.message)) this.refusal = message.message;
        else surroundings.log(`the hub reports an error: ${message.message}`);
        break;
      case "session-request":
        this.#sessions.start(message);
        break;
      case "mgmt-request": {
        const { requestId, action } = message;
        surroundings.log(`management action refused: ${action}`);
        const text = `unknown action: ${action}`;
        this.#socket.send({ type: "mgmt-response", requestId, ok: false, message: text });
      }
    }
  }
}

function registerOptions(options: MachineOptions): RegisterOptions {
  const { agentId, machineRegistrationId, agentVersion } = options;
  return { agentId, machineRegistrationId, agentVersion };
}

async function attempt(options: MachineOptions): Promise<Attempt> {
  const { hub, surroundings, signal } = options;
  surroundings.log(`connecting to ${shownUrl(hub)}`);
  let control: Control | undefined;
  let reason: string;
  try {
    control = new Control(options, await surroundings.dialHub({ url: hub, signal }));
    reason = await control.run();
  } catch (error) {
    // Whatever went wrong concerns this machine alone; the others of the process go on.
    reason = reasonOf(error);
  }
  const refused = control?.refusal !== undefined;
  return { registered: control?.registered ?? false, refused, reason };
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

/**
 * Keeps one machine registered with its hub and serves its clients, until it is told to stop. A lost
 * connection is made again after 3 s to 300 s.
 *
 * Spec: agent.md 2, wire.md 3.2. Deviation: the reference gives up for good when the hub refuses its
 * token; this one tries every 5 minutes, unless told to end.
 */
export async function runMachine(options: MachineOptions): Promise<MachineEnd> {
  const { surroundings: { log, random }, signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    const { registered, refused, reason } = await attempt(options);
    if (signal.aborted) break;
    if (refused && options.exitOnRefusal) {
      log(`the hub refuses this agent: ${reason}`);
      return "refused";
    }
    if (registered) failures = 0;
    const delayMs = refused ? REFUSED_RETRY_MS : backoffDelayMs({ attempt: failures++, random });
    const seconds = Math.round(delayMs / 1000);
    log(
      refused
        ? `the hub refuses this agent: ${reason}; check its token; next attempt in ${seconds} s`
        : `${
          registered ? "disconnected" : "not connected"
        }: ${reason}; next attempt in ${seconds} s`,
    );
    if (!await pause(options, delayMs)) break;
  }
  log("stopped");
  return "stopped";
}
