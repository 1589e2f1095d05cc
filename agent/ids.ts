import { dirname } from "node:path";
import {
  ConfigError,
  ConfigFile,
  fileFault,
  type Host,
  joinPath,
  userDir,
} from "../core/config/mod.ts";
import type { Log } from "../core/log/mod.ts";

/** Who this agent and its machines are to a hub, across restarts. Spec: agent.md 1.5 */
export interface AgentIds {
  /** UUID of the installation. */
  readonly agentId: string;
  /** UUID of each machine, by its name. */
  readonly registrationIds: ReadonlyMap<string, string>;
}

/** What {@linkcode loadIds} needs. */
export interface IdsOptions {
  /** Path of the state file. */
  path: string;
  /** Names of the machines to run. */
  machines: readonly string[];
  /** Told what went wrong with the file. */
  log: Log;
  /** Makes a UUID. Default: a random one, version 4. */
  newId?: () => string;
}

/** A file of the agent's own: beside the configuration, or with the user's files if there is none. */
function ownFile(host: Host, configPath: string | undefined, name: string): string {
  return joinPath(host, [configPath === undefined ? userDir(host) : dirname(configPath), name]);
}

/**
 * Where the ids are kept: `telad.state`.
 *
 * @throws {ConfigError} if the environment does not tell the home directory
 */
export function statePath(host: Host, configPath: string | undefined): string {
  return ownFile(host, configPath, "telad.state");
}

/**
 * Where the key is kept that this agent proves its identity with: `telad.key`.
 *
 * @throws {ConfigError} if the environment does not tell the home directory
 */
export function keyPath(host: Host, configPath: string | undefined): string {
  return ownFile(host, configPath, "telad.key");
}

interface State {
  readonly file: ConfigFile;
  readonly agentId: string;
  readonly ids: Map<string, string>;
}

async function readState(path: string): Promise<State> {
  const file = await ConfigFile.readIfPresent(path);
  const ids = new Map<string, string>();
  for (const [name, machine] of file.root.get("machines").entries()) {
    const id = machine.get("machineRegistrationId").string();
    if (id) ids.set(name, id);
  }
  return { file, agentId: file.root.get("agentId").string() ?? "", ids };
}

function emptyState(path: string): State {
  return { file: ConfigFile.parse(path, ""), agentId: "", ids: new Map() };
}

/** Moves a state file that is no state out of the way: it is the only copy of the ids in it. */
async function setAside(path: string, log: Log): Promise<boolean> {
  const aside = `${path}.corrupt`;
  try {
    await Deno.rename(path, aside);
    log(`kept it as ${aside}; this agent gets a new identity`);
    return true;
  } catch (cause) {
    log(`cannot rename it to ${aside}: ${fileFault(cause)}; it is left as it is`);
    return false;
  }
}

async function saveState(file: ConfigFile, log: Log): Promise<void> {
  try {
    await file.save({ mode: 0o600 });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log(`${error.message}; the identity of this agent lasts only until it ends`);
  }
}

/**
 * Reads the ids and completes them: an installation without an id gets one, and so does a
 * machine that is new; the ids of others stay. A file that is damaged is kept aside, one that
 * cannot be read or written is left alone; the log tells either, and the agent runs.
 */
export async function loadIds(options: IdsOptions): Promise<AgentIds> {
  const { path, machines, log, newId = () => crypto.randomUUID() } = options;
  let state: State;
  let writable = true;
  try {
    state = await readState(path);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log(error.message);
    writable = error.code !== "unreadable" && await setAside(path, log);
    state = emptyState(path);
  }
  const { file, ids } = state;
  const agentId = state.agentId || newId();
  const missing = machines.filter((name) => !ids.has(name));
  if (state.agentId === "") file.set(["agentId"], agentId);
  for (const name of missing) {
    const id = newId();
    ids.set(name, id);
    file.set(["machines", name, "machineRegistrationId"], id);
  }
  if (writable && (state.agentId === "" || missing.length > 0)) await saveState(file, log);
  return { agentId, registrationIds: ids };
}
