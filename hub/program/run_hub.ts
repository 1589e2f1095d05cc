import { dirname, join } from "node:path";
import { goPlatform, type Io, onInterrupt, VERSION } from "../../core/cli/mod.ts";
import { systemClock, systemRandom } from "../../core/clock/mod.ts";
import { ConfigError, fileFault, type Host } from "../../core/config/mod.ts";
import { createLog, type Log, LogRing } from "../../core/log/mod.ts";
import {
  bootstrap,
  type HubConfig,
  HubConfigFile,
  locateConfig,
  withEnvironment,
} from "../config/mod.ts";
import { CodeStore } from "../pairing/mod.ts";
import { type RunningHub, startHub } from "../server/mod.ts";
import { removeControlFile, writeControlFile } from "./control_file.ts";

/** Flags of `telahubd run`. */
export interface RunFlags {
  /** Path of the configuration. */
  readonly config: string | undefined;
  /** Port that stands above environment and file; 0 lets the system choose. */
  readonly port: number | undefined;
  /** Logs each HTTP request. */
  readonly v: boolean;
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function openConfig(given: string | undefined, host: Host): Promise<HubConfigFile> {
  try {
    return await HubConfigFile.open(await locateConfig({ given, host, exists }));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const message = `Cannot look for the configuration: ${fileFault(error)}; name it with -config`;
    throw new ConfigError(message, { code: "unreadable", cause: error });
  }
}

/** The one time that a token is printed. Spec: hub-api.md 2 (bootstrap) */
function banner(token: string, { path, isSaved }: { path: string; isSaved: boolean }): string {
  const rule = "=".repeat(72);
  const place = isSaved
    ? `It is saved in ${path} (auth.tokens, id owner).`
    : `It could NOT be saved in ${path}: after a restart there will be another.`;
  return `${rule}\nOwner token of this hub, shown this once:\n\n  ${token}\n\n${place}\n${rule}\n`;
}

/** Makes the configuration fit to start with and saves what was missing. */
async function firstStart(
  file: HubConfigFile,
  { io, log, effective }: { io: Io; log: Log; effective: HubConfig },
): Promise<void> {
  const ownerToken = io.env("TELA_OWNER_TOKEN");
  const { changed, newOwnerToken } = bootstrap(file, {
    random: systemRandom,
    ownerToken,
    effective,
  });
  if (!changed) return;
  let isSaved = true;
  try {
    await file.save();
    log(`configuration saved: ${file.path}`);
  } catch (error) {
    isSaved = false;
    log(`warning: ${(error as Error).message}; going on without`);
  }
  if (newOwnerToken !== undefined) io.stdout(banner(newOwnerToken, { path: file.path, isSaved }));
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

async function serveUntilStopped(hub: RunningHub, { host, log, name }: {
  host: Host;
  log: Log;
  name: string;
}): Promise<void> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<Deno.Signal>();
  onInterrupt(stop);
  await reportFailure(log, writeControlFile(host, { pid: Deno.pid, port: hub.port, name }));
  log(`listening on http://0.0.0.0:${hub.port}`);
  log(`${await stopped}: shutting down`);
  await hub.shutdown();
  await reportFailure(log, removeControlFile(host, Deno.pid));
  log("stopped");
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
  const file = await openConfig(flags.config, host);
  const config = () => {
    const effective = withEnvironment(file.config, host.env);
    return flags.port === undefined ? effective : { ...effective, port: flags.port };
  };
  log(`telahubd ${VERSION}, configuration ${file.path}`);
  await firstStart(file, { io, log, effective: config() });
  const codes = openCodes(join(dirname(file.path), "pairing.db"), log);
  const hub = await startHub({
    config,
    commitAuth: (steps) => file.commitAuth(steps),
    portalFile: file,
    codes,
    facts: {
      ...goPlatform(),
      hostname: Deno.hostname(),
      runtime: `deno${Deno.version.deno}`,
      version: VERSION,
    },
    clock: systemClock,
    random: systemRandom,
    log,
    logs,
    auditFile: config().audit.file || join(dirname(file.path), "audit.db"),
    accessLog: flags.v ? log : undefined,
  });
  await serveUntilStopped(hub, { host, log, name: config().name });
  codes.close();
}
