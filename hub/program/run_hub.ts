import { dirname, join } from "node:path";
import { goPlatform, type Io, onInterrupt, VERSION } from "../../core/cli/mod.ts";
import { systemClock, systemRandom } from "../../core/clock/mod.ts";
import { ConfigError, type Host } from "../../core/config/mod.ts";
import { createLog, type Log, LogRing } from "../../core/log/mod.ts";
import {
  ConfigWatch,
  type HubConfig,
  HubConfigFile,
  InEffect,
  withEnvironment,
} from "../config/mod.ts";
import { CodeStore } from "../pairing/mod.ts";
import { isHubUrl, type NewPortal, portalUrl } from "../portals/mod.ts";
import { type HubOptions, ListenError, type RunningHub, startHub } from "../server/mod.ts";
import { authFileOf } from "./auth_file.ts";
import { openToRun } from "./config_path.ts";
import { removeControlFile, writeControlFile } from "./control_file.ts";
import { firstStart } from "./first_start.ts";

/** Flags of `telahubd run`. */
export interface RunFlags {
  /** Path of the configuration. */
  readonly config: string | undefined;
  /** Port that stands above environment and file; 0 lets the system choose. */
  readonly port: number | undefined;
  /** Logs each HTTP request. */
  readonly v: boolean;
}

/** What stays as it is when a hub restarts. */
interface Program {
  readonly io: Io;
  readonly flags: RunFlags;
  readonly host: Host;
  readonly log: Log;
  readonly logs: LogRing;
  /** The signal that ends the program. */
  readonly stopped: Promise<Deno.Signal>;
}

/** A control file that cannot be written is no reason for a hub not to run. */
async function reportFailure(log: Log, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    log(`warning: control file: ${(error as Error).message}`);
  }
}

/** Without a place to write to, codes are lost at a restart; that is no reason for a hub not to run. */
function openCodes(path: string, log: Log): CodeStore {
  const random = systemRandom;
  try {
    return new CodeStore(path, { random });
  } catch (error) {
    log(`warning: pairing codes will not survive a restart: ${path}: ${(error as Error).message}`);
    return new CodeStore(":memory:", { random });
  }
}

/** A folder that cannot be tidied is no reason for a hub not to run. */
async function removeUnfinished(file: HubConfigFile, log: Log): Promise<void> {
  try {
    const removed = await file.removeUnfinished();
    if (removed > 0) log(`removed unfinished copies of ${file.path}: ${removed}`);
  } catch (error) {
    log(`warning: unfinished copies of ${file.path}: ${(error as Error).message}`);
  }
}

/** Whoever changes the configuration then does not wait for the hub, which takes it over all the same. */
async function holdInEffect(path: string, log: Log): Promise<InEffect | undefined> {
  try {
    const held = await InEffect.hold(path);
    if (held === undefined) log(`warning: another hub runs with ${path}`);
    return held;
  } catch (error) {
    log(`warning: cannot tell what is in effect: ${(error as Error).message}`);
    return undefined;
  }
}

/** The portal that the environment names; undefined if it names none. Spec: hub-api.md 8 */
function firstPortalOf({ host: { env }, log }: Program): NewPortal | undefined {
  const [portal, hubUrl] = [env("TELAHUBD_PORTAL_URL"), env("TELAHUBD_PUBLIC_URL")];
  if (portal === undefined || hubUrl === undefined) return undefined;
  const url = portalUrl(portal);
  if (url !== undefined && isHubUrl(hubUrl)) {
    return { url, hubUrl, portalToken: env("TELAHUBD_PORTAL_TOKEN") ?? "" };
  }
  const what = url === undefined ? "TELAHUBD_PORTAL_URL" : "TELAHUBD_PUBLIC_URL";
  log(`warning: not registered with a portal: ${what} must be as https://host.example`);
  return undefined;
}

/** As far as that can be told without stopping. @throws ConfigError */
async function checkStart(file: HubConfigFile, { host }: Program): Promise<void> {
  const { config } = await HubConfigFile.open(file.path);
  withEnvironment(config, host.env);
}

/** Keeps a hub and its file together until the result is called. */
async function follow(file: HubConfigFile, { hub, log }: {
  readonly hub: RunningHub;
  readonly log: Log;
}): Promise<() => Promise<void>> {
  const inEffect = await holdInEffect(file.path, log);
  const tell = async () => {
    try {
      await inEffect?.tell(file.version ?? "");
    } catch (error) {
      log(`warning: cannot tell what is in effect: ${(error as Error).message}`);
    }
  };
  await tell();
  const onChange = async () => {
    await hub.refresh();
    await tell();
  };
  const { path, version: seen } = file;
  const watch = new ConfigWatch({ path, onChange, clock: systemClock, log }, { seen });
  return async () => {
    await watch.stop();
    inEffect?.[Symbol.dispose]();
  };
}

/** Starts a hub; where it was before if it cannot listen where its configuration says now. */
async function startAgain(
  options: HubOptions,
  { lastPort, log }: { readonly lastPort: number | undefined; readonly log: Log },
): Promise<RunningHub> {
  const at = (port: number) =>
    startHub({ ...options, config: () => ({ ...options.config(), port }) });
  const { port } = options.config();
  if (lastPort === undefined) return await startHub(options);
  if (port === 0 || port === lastPort) return await at(lastPort);
  try {
    return await at(port);
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    log(`warning: ${error.message}; going on with port ${lastPort}`);
    return await at(lastPort);
  }
}

/** How a hub ran that is to be restarted. */
interface Run {
  readonly file: HubConfigFile;
  readonly port: number;
}

/** A file that has become unusable since it was checked is no reason to stay away. */
async function openAgain(
  { flags, host, log }: Program,
  last: Run | undefined,
): Promise<HubConfigFile> {
  try {
    return await openToRun(flags.config, host);
  } catch (error) {
    if (last === undefined || !(error instanceof ConfigError)) throw error;
    log(`NOT TAKEN OVER: ${error.message}; going on with what it said before`);
    return last.file;
  }
}

/**
 * Runs a hub until the program ends, or it is to be restarted.
 *
 * @param last how it ran before, if it did
 * @returns how it ran, if it is to be restarted
 */
async function runOnce(program: Program, last?: Run): Promise<Run | undefined> {
  const { io, flags, host, log, logs, stopped } = program;
  const file = await openAgain(program, last);
  const config = (): HubConfig => {
    const effective = withEnvironment(file.config, host.env);
    return flags.port === undefined ? effective : { ...effective, port: flags.port };
  };
  log(`telahubd ${VERSION}, configuration ${file.path}`);
  await removeUnfinished(file, log);
  await firstStart(file, { io, log, effective: config() });
  const codes = openCodes(join(dirname(file.path), "pairing.db"), log);
  using cleanup = new DisposableStack();
  cleanup.defer(() => codes.close());
  const { promise: restart, resolve: begin } = Promise.withResolvers<"restart">();
  const options: HubOptions = {
    config,
    authFile: authFileOf(file),
    portalFile: file,
    updateFile: file,
    firstPortal: firstPortalOf(program),
    restart: { check: () => checkStart(file, program), begin: () => begin("restart") },
    codes,
    facts: {
      ...goPlatform(),
      hostname: Deno.hostname(),
      runtime: `deno${Deno.version.deno}`,
      version: VERSION,
    },
    ...{ clock: systemClock, random: systemRandom, log, logs },
    auditFile: config().audit.file || join(dirname(file.path), "audit.db"),
    accessLog: flags.v ? log : undefined,
  };
  const hub = await startAgain(options, { lastPort: last?.port, log });
  const unfollow = await follow(file, { hub, log });
  const { port } = hub;
  await reportFailure(log, writeControlFile(host, { pid: Deno.pid, port, name: config().name }));
  log(`listening on http://0.0.0.0:${port}`);
  const end = await Promise.race([stopped, restart]);
  log(end === "restart" ? "restarting" : `${end}: shutting down`);
  await unfollow();
  await hub.shutdown();
  await reportFailure(log, removeControlFile(host, Deno.pid));
  if (end === "restart") return { file, port };
  log("stopped");
  return undefined;
}

/**
 * Runs a hub until it is told to stop.
 *
 * @throws ConfigError if the configuration cannot be used
 * @throws ListenError if it cannot listen on its port
 */
export async function runHub(flags: RunFlags, io: Io): Promise<void> {
  const logs = new LogRing();
  const write = (line: string) => {
    logs.push(line);
    io.stderr(`${line}\n`);
  };
  const log = createLog({ component: "hub", clock: systemClock, write });
  const host: Host = { os: Deno.build.os, env: (name) => io.env(name) || undefined };
  const { promise: stopped, resolve: stop } = Promise.withResolvers<Deno.Signal>();
  using _signals = onInterrupt(stop);
  const program: Program = { io, flags, host, log, logs, stopped };
  let last: Run | undefined;
  do last = await runOnce(program, last); while (last !== undefined);
}
