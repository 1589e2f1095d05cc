import { type Command, command } from "../core/cli/mod.ts";
import { systemCredentialsPath, userCredentialsPath } from "../core/credentials/mod.ts";
import { loadAgentIdentity } from "../core/identity/mod.ts";
import {
  BUFFER_MEMORY_FLAG,
  DEFAULT_GRACE_SECONDS,
  limitBufferMemory,
  MAX_GRACE_SECONDS,
  MAX_MTU_BYTES,
  MIN_MTU_BYTES,
  PATHS_FLAG,
  readPaths,
  readStunServers,
  STUN_FLAG,
} from "../core/tunnel/mod.ts";
import { accountCommands } from "./account/mod.ts";
import { DEFAULT_TARGET } from "./config.ts";
import { keyPath } from "./ids.ts";
import { logTo, type Place, type ProgramSurroundings, runTelad } from "./run.ts";

const FLAGS = {
  config: {
    type: "string",
    summary: "Configuration file, telad.yaml. The flags of a single machine have no effect then.",
    placeholder: "file",
    env: "TELAD_CONFIG",
  },
  hub: { type: "string", summary: "Hub to register with.", placeholder: "url", env: "TELA_HUB" },
  machine: {
    type: "string",
    summary: "Name of the machine.",
    placeholder: "name",
    env: "TELA_MACHINE",
  },
  token: {
    type: "string",
    summary: "Token for the hub; else the credential store is asked.",
    env: "TELA_TOKEN",
  },
  ports: {
    type: "string",
    summary: "Ports to offer, as 22:SSH,8080.",
    placeholder: "list",
    env: "TELAD_PORTS",
  },
  "target-host": {
    type: "string",
    summary: "Host the ports are on.",
    placeholder: "host",
    default: DEFAULT_TARGET,
    env: "TELAD_TARGET_HOST",
  },
  mtu: {
    type: "number",
    summary: "Largest packet inside the tunnel, in bytes.",
    placeholder: "bytes",
    default: MAX_MTU_BYTES,
    min: MIN_MTU_BYTES,
    max: MAX_MTU_BYTES,
    env: "TELAD_MTU",
  },
  "resume-grace": {
    type: "number",
    summary:
      "How long connections wait for a client that has lost the hub, in seconds; 0: not at all.",
    placeholder: "seconds",
    default: DEFAULT_GRACE_SECONDS,
    min: 0,
    max: MAX_GRACE_SECONDS,
  },
  "buffer-memory": BUFFER_MEMORY_FLAG,
  paths: PATHS_FLAG,
  stun: STUN_FLAG,
  fingerprint: {
    type: "boolean",
    summary: "Print the fingerprint by which clients know this agent, and end.",
  },
  v: { type: "boolean", summary: "Log each connection." },
  "exit-on-auth-failure": {
    type: "boolean",
    summary: "End with exit code 1 when the hub refuses the token, instead of trying on.",
  },
} as const;

async function printFingerprint(config: string | undefined, { io, process }: Place): Promise<void> {
  const log = logTo(io);
  const { random } = process.open(log, false);
  const path = keyPath(process.host, config);
  const { fingerprint } = await loadAgentIdentity({ path, random, log });
  io.stdout(`${fingerprint}\n`);
}

/** The program `telad`. */
export function telad(process: ProgramSurroundings): Command {
  return command({
    name: "telad",
    summary: "Offer services of this machine through a hub",
    usage: ["telad -config <file>", "telad -hub <url> -machine <name> -ports <list>"],
    description: "Registers machines with a hub and forwards the connections of clients to their " +
      "services, through\nencrypted tunnels that the hub cannot read. Runs until it is interrupted.",
    flags: FLAGS,
    examples: [
      "telad -config telad.yaml",
      "telad -hub wss://hub.example -machine barn -ports 22:SSH,8080",
    ],
    commands: accountCommands({
      systemStore: () => systemCredentialsPath(process.host),
      userStore: () => userCredentialsPath(process.host),
      fetch: process.fetch,
    }),
    run: ({ flags, io }) => {
      const config = flags.config || undefined;
      limitBufferMemory(flags["buffer-memory"]);
      if (flags.fingerprint) return printFingerprint(config, { io, process });
      return runTelad({
        config,
        hub: flags.hub,
        machine: flags.machine,
        token: flags.token,
        ports: flags.ports,
        targetHost: flags["target-host"] || DEFAULT_TARGET,
        mtuBytes: flags.mtu,
        graceMs: flags["resume-grace"] * 1000,
        paths: readPaths(flags.paths),
        stunServers: readStunServers(flags.stun),
        verbose: flags.v,
        exitOnRefusal: flags["exit-on-auth-failure"],
      }, { io, process });
    },
  });
}
