import { dirname, join, resolve } from "node:path";
import { type Command, command, type Io } from "../../core/cli/mod.ts";
import { type Clock, sleep, systemClock } from "../../core/clock/mod.ts";
import { ConfigError, writeFileAtomic } from "../../core/config/mod.ts";
import {
  type ServiceHost,
  type ServiceManager,
  serviceManager,
  type ServiceSpec,
  systemServiceHost,
} from "../../core/service/mod.ts";
import { DEFAULTS, HubConfigFile } from "../config/mod.ts";
import { systemConfigPath } from "./config_path.ts";
import { hostOf } from "./edit.ts";
import { runHub } from "./run_hub.ts";
import { programCommand } from "./self.ts";

/** What `telahubd service` needs besides its surroundings. */
export interface ServiceDeps {
  /** The machine's service manager. */
  readonly host: ServiceHost;
  /** The command that runs this program, without its arguments. */
  readonly program: () => Promise<readonly string[]>;
  /** Where the configuration of the machine's service is. */
  readonly configPath: (io: Io) => string;
  /** Times the pause of a restart. */
  readonly clock: Clock;
}

const NAME = "telahubd";
const DESCRIPTION = "telahubd - Tela";

/** Between stop and start. Spec: hub-api.md 6 (service) */
const RESTART_PAUSE_MS = 1000;

const RIGHTS = `Needs the right to manage services (root, Administrator), and --allow-run for
systemctl, launchctl, or schtasks and powershell where Deno runs the program.`;

const INSTALL_FLAGS = {
  config: {
    type: "string",
    summary: "File to check and to copy to the system's place. Default: one is made.",
    placeholder: "path",
  },
  name: { type: "string", summary: "Name of the hub, in a file that is made." },
  port: {
    type: "number",
    summary: "Port of HTTP and WebSocket, in a file that is made.",
    default: DEFAULTS.port,
    min: 1,
    max: 65535,
  },
  "udp-port": {
    type: "number",
    summary: "UDP port, in a file that is made.",
    default: DEFAULTS.udpPort,
    min: 1,
    max: 65535,
  },
  www: { type: "string", summary: "Folder of console files.", placeholder: "dir" },
} as const;

interface NewConfig {
  readonly name: string | undefined;
  readonly port: number;
  readonly "udp-port": number;
  readonly www: string | undefined;
}

function holdsTokens(file: HubConfigFile): Error {
  const hint = `use it with -config ${file.path}, or move it away`;
  return new Error(`${file.path} holds tokens, which would be lost: ${hint}`);
}

/** Makes the system's configuration. Spec: hub-api.md 6 (service install) */
async function make(path: string, { name, port, www, ...rest }: NewConfig): Promise<void> {
  const file = await HubConfigFile.open(path);
  if (file.config.auth.tokens.length > 0) throw holdsTokens(file);
  file.edit((editor) => {
    if (name) editor.set(["name"], name);
    editor.set(["port"], port);
    editor.set(["udpPort"], rest["udp-port"]);
    if (www) editor.set(["wwwDir"], www);
  });
  await file.save();
}

/** Takes a configuration that exists for the system's. Spec: hub-api.md 6 (service install) */
async function copy(from: string, to: string): Promise<void> {
  const given = await HubConfigFile.open(from);
  if (!given.exists) {
    throw new ConfigError(`Cannot read ${from}: no such file`, { code: "absent", path: from });
  }
  if (resolve(from) === resolve(to)) return;
  const old = await HubConfigFile.open(to);
  if (old.config.auth.tokens.length > 0) throw holdsTokens(old);
  await writeFileAtomic(to, await Deno.readTextFile(from), { mode: 0o600 });
}

/** Where what the service manager was told is noted, for programs that look for it. */
function notePath(configPath: string): string {
  return join(dirname(configPath), "telahubd-service.json");
}

async function writeNote(configPath: string, { command, workingDir }: ServiceSpec): Promise<void> {
  const note = { binaryPath: command[0], description: DESCRIPTION, workingDir };
  await writeFileAtomic(notePath(configPath), `${JSON.stringify(note, null, 2)}\n`, {
    mode: 0o644,
  });
}

function installCommand({ host, program, configPath }: ServiceDeps): Command {
  return command({
    name: "install",
    summary: "Have the hub start with the machine",
    description: `Writes the configuration to the system's place, unless that has tokens, and
registers the service, which is started by "telahubd service start". ${RIGHTS}`,
    flags: INSTALL_FLAGS,
    examples: [
      "telahubd service install -name lab -port 8080",
      "telahubd service install -config data/telahubd.yaml",
    ],
    seeAlso: ["telahubd user bootstrap", "telahubd service start"],
    run: async ({ flags, io }) => {
      const path = configPath(io);
      const manager = serviceManager(NAME, { host });
      const spec: ServiceSpec = {
        name: NAME,
        description: DESCRIPTION,
        command: [...await program(), "service", "run"],
        workingDir: dirname(path),
      };
      if (flags.config) await copy(flags.config, path);
      else await make(path, flags);
      await writeNote(path, spec);
      await manager.install(spec);
    },
  });
}

function managing(
  { host }: ServiceDeps,
  { name, summary, run }: {
    readonly name: string;
    readonly summary: string;
    readonly run: (manager: ServiceManager) => Promise<void>;
  },
): Command {
  return command({
    name,
    summary,
    description: RIGHTS,
    examples: [`telahubd service ${name}`],
    run: () => run(serviceManager(NAME, { host })),
  });
}

function statusCommand({ host, configPath }: ServiceDeps): Command {
  return command({
    name: "status",
    summary: "Tell whether the service is installed and runs",
    description: `Needs no rights, but --allow-run as the others.`,
    examples: ["telahubd service status"],
    run: async ({ io }) => {
      const { installed, running, status } = await serviceManager(NAME, { host }).status();
      const yesNo = (value: boolean) => value ? "yes" : "no";
      io.stdout(`installed: ${yesNo(installed)}\nrunning: ${yesNo(running)}\nstatus: ${status}\n`);
      if (installed) io.stdout(`config: ${configPath(io)}\n`);
    },
  });
}

/** What the service manager runs. Spec: hub-api.md 5.3 (service mode) */
function runCommand({ configPath }: ServiceDeps): Command {
  return command({
    name: "run",
    summary: "Run the hub as the service does",
    description: `With the system's configuration, which must exist. For the service manager.`,
    examples: ["telahubd service run"],
    run: async ({ io }) => {
      const path = configPath(io);
      for (const needed of [path, notePath(path)]) {
        if (await systemServiceHost.exists(needed)) continue;
        throw new ConfigError(
          `Cannot run as a service: no ${needed}; run telahubd service install`,
          {
            code: "absent",
            path: needed,
          },
        );
      }
      await runHub({ config: path, port: undefined, v: false }, io);
    },
  });
}

/** `telahubd service`. Spec: hub-api.md 6 (service) */
export function serviceCommand(deps: ServiceDeps): Command {
  return command({
    name: "service",
    summary: "Have the hub start with the machine, and manage it then",
    commands: [
      installCommand(deps),
      managing(deps, {
        name: "uninstall",
        summary: "Stop the service and take it from the machine; the configuration stays",
        run: (manager) => manager.uninstall(),
      }),
      managing(deps, {
        name: "start",
        summary: "Start the service",
        run: (manager) => manager.start(),
      }),
      managing(deps, {
        name: "stop",
        summary: "Stop the service",
        run: (manager) => manager.stop(),
      }),
      managing(deps, {
        name: "restart",
        summary: "Stop the service and start it again",
        run: async (manager) => {
          await manager.stop();
          await sleep(deps.clock, RESTART_PAUSE_MS);
          await manager.start();
        },
      }),
      statusCommand(deps),
      runCommand(deps),
    ],
  });
}

/** `telahubd service` of this machine. */
export const service: Command = serviceCommand({
  host: systemServiceHost,
  program: programCommand,
  configPath: (io) => systemConfigPath(hostOf(io)),
  clock: systemClock,
});
