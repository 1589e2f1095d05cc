import {
  isJsonObject,
  type Json,
  type JsonObject,
  type MgmtRequest,
  type MgmtResponse,
} from "../../core/control/mod.ts";
import { ConfigError, type ConfigFile } from "../../core/config/mod.ts";
import { defectText, type Log, type LogRing } from "../../core/log/mod.ts";
import { describeConfig } from "./config_get.ts";
import { changeConfig, RefusedChange } from "./config_set.ts";

/** Requests that may wait for their turn; a hub that sends more is told so. */
const MAX_WAITING = 16;

/** Lines of the log unless the request says otherwise, and at most. Spec: agent.md 7 */
const DEFAULT_LINES = 100;

/** What a hub takes in one message is 1 MiB; a longer one would cost the agent its connection. */
const MAX_LOG_BYTES = 512 * 1024;

/** Change nothing, and are asked every few seconds by those who watch: logged only when refused. */
const READS: ReadonlySet<string> = new Set(["config-get", "logs"]);

/** What management changes and tells. */
export interface ManagementOptions {
  /** URL of the hub. */
  hub: string;
  /** The configuration file; undefined when the agent was started from flags. */
  configPath: string | undefined;
  /** Checks a file as at a start. @throws {ConfigError} naming what is wrong */
  check: (file: ConfigFile) => void;
  /** The last lines of the log. */
  logs: LogRing;
  /** Told that the settings of a machine in the file have changed. */
  onChanged: (machine: string) => Promise<void>;
  /**
   * Begins the agent anew, once the answer has had the time to leave.
   *
   * @throws {ConfigError} if the file would not be accepted at the start
   */
  restart: () => Promise<void>;
  /** Told each action that changes something or fails, never its arguments. */
  log: Log;
}

/** What an action answers, without the envelope. */
interface Answer {
  readonly ok: boolean;
  readonly message?: string;
  readonly payload?: Json;
}

function objectOf(payload: Json | undefined): JsonObject {
  return isJsonObject(payload) ? payload : {};
}

/** The last of the lines, as many as fit in an answer. */
function fitting(lines: readonly string[]): string[] {
  const encoder = new TextEncoder();
  let first = lines.length;
  for (let room = MAX_LOG_BYTES; first > 0; first--) {
    room -= encoder.encode(JSON.stringify(lines[first - 1])).length + 1;
    if (room < 0) break;
  }
  return lines.slice(first);
}

/**
 * Answers the management requests of a hub, one at a time, in their order.
 *
 * Spec: agent.md 7, wire.md 2.8
 */
export class Management {
  readonly #options: ManagementOptions;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Does nothing until it is asked. */
  constructor(options: ManagementOptions) {
    this.#options = options;
  }

  /** The answer to a request; never rejects. */
  answer({ requestId, action, payload }: MgmtRequest): Promise<MgmtResponse> {
    const envelope = { type: "mgmt-response", requestId } as const;
    if (this.#waiting >= MAX_WAITING) {
      const message = `too many requests: ${MAX_WAITING} are waiting`;
      return Promise.resolve({ ...envelope, ok: false, message });
    }
    this.#waiting++;
    const answer = this.#last.then(async () => {
      try {
        return { ...envelope, ...await this.#act(action, payload) };
      } finally {
        this.#waiting--;
      }
    });
    this.#last = answer;
    return answer;
  }

  async #act(action: string, payload: Json | undefined): Promise<Answer> {
    const { log } = this.#options;
    try {
      const answer = await this.#perform(action, payload);
      if (!answer.ok) log(`management: ${action} refused: ${answer.message}`);
      else if (!READS.has(action)) log(`management: ${action}`);
      return answer;
    } catch (error) {
      const known = error instanceof ConfigError || error instanceof RefusedChange;
      const message = known ? error.message : "internal error: see the agent's log";
      log(`management: ${action} failed: ${known ? message : defectText(error)}`);
      return { ok: false, message };
    }
  }

  async #perform(action: string, payload: Json | undefined): Promise<Answer> {
    const { hub, configPath, logs, restart } = this.#options;
    switch (action) {
      case "config-get":
        if (configPath === undefined) return { ok: false, message: "no active config" };
        return { ok: true, payload: await describeConfig(configPath, hub) };
      case "config-set":
        return await this.#set(payload);
      case "logs": {
        const { lines } = objectOf(payload);
        const count = typeof lines === "number" && lines > 0 ? Math.floor(lines) : DEFAULT_LINES;
        return { ok: true, payload: { lines: fitting(logs.tail(count)) } };
      }
      case "restart":
        await restart();
        return { ok: true, message: "restarting" };
      default:
        return { ok: false, message: `unknown action: ${action}` };
    }
  }

  async #set(payload: Json | undefined): Promise<Answer> {
    const { configPath, check, onChanged } = this.#options;
    if (configPath === undefined) return { ok: false, message: "no config file to update" };
    const { machine, unknown } = await changeConfig(payload, { path: configPath, check });
    await onChanged(machine);
    if (unknown.length === 0) return { ok: true };
    return { ok: true, message: `ignored what this agent does not have: ${unknown.join(", ")}` };
  }
}
