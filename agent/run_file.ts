import { ConfigError, fileFault, writeFileAtomic } from "../core/config/mod.ts";
import type { Log } from "../core/log/mod.ts";
import type { AgentConfig } from "./config.ts";

/** Readable by all: it tells local tools what runs and holds no secret. Spec: agent.md 1.5 */
const MODE = 0o644;

/** The control file of a running agent: tells other programs of this user what runs. */
export class RunFile {
  readonly #path: string;
  readonly #text: string;
  readonly #log: Log;

  /** @param path where it is, as `~/.tela/run/telad.json` */
  constructor(path: string, { config, pid, log }: { config: AgentConfig; pid: number; log: Log }) {
    const machines = config.machines.map(({ name }) => name);
    const content = { configPath: config.path ?? "", hub: config.hub, machines, pid };
    this.#path = path;
    this.#text = JSON.stringify(content, null, 2) + "\n";
    this.#log = log;
  }

  /** Writes the file. Without it the agent works all the same, so failure is only logged. */
  async write(): Promise<void> {
    try {
      await writeFileAtomic(this.#path, this.#text, { mode: MODE });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#log(error.message);
    }
  }

  /** Removes the file, unless another agent of this user has replaced it. */
  async remove(): Promise<void> {
    try {
      if (await Deno.readTextFile(this.#path) === this.#text) await Deno.remove(this.#path);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) return;
      this.#log(`cannot remove ${this.#path}: ${fileFault(cause)}`);
    }
  }
}
