import { type Command, command, UsageError } from "../../core/cli/mod.ts";
import { parseDuration } from "../../core/config/mod.ts";
import { CONFIG_FLAG } from "./config_path.ts";
import { checkHealth } from "./health.ts";
import { portal } from "./portal.ts";
import { runHub } from "./run_hub.ts";
import { runUdpHost } from "./run_udp_host.ts";
import { service } from "./service.ts";
import { user } from "./user.ts";

const RUN_FLAGS = {
  config: { ...CONFIG_FLAG.config, summary: "Configuration file; created if it is missing." },
  port: {
    type: "number",
    summary: "Port, above TELAHUBD_PORT and the configuration; 0 takes a free one.",
    min: 0,
    max: 65535,
  },
  v: { type: "boolean", summary: "Log each HTTP request." },
} as const;

const RUN_DESCRIPTION = `Without -config, data/telahubd.yaml is used if it exists, else the system's
telahubd.yaml if it exists, else data/telahubd.yaml is created. The first
start prints the owner token, once. TELA_OWNER_TOKEN sets it instead.
TELAHUBD_PORT, _NAME, _UDP, _UDP_PORT, _UDP_HOST, _UDP_RELAY_SECRET and _WWW_DIR
stand above the file. TELAHUBD_PORTAL_URL, _PUBLIC_URL and, where the portal asks
for one, _PORTAL_TOKEN enter a hub that knows no portal at that one.`;

const run = command({
  name: "run",
  summary: "Run the hub, as telahubd alone does",
  description: RUN_DESCRIPTION,
  flags: RUN_FLAGS,
  examples: ["telahubd run -config data/telahubd.yaml -port 8080"],
  run: ({ flags, io }) => runHub(flags, io),
});

const health = command({
  name: "health",
  summary: "Ask a hub on this machine whether it is well",
  description: "Prints one line and exits with 0, or with 1 if there is no healthy hub.",
  flags: {
    port: {
      type: "number",
      summary: "Port of the hub. Default: TELAHUBD_PORT, else 80.",
      min: 1,
      max: 65535,
    },
    timeout: { type: "string", summary: "Longest wait.", placeholder: "duration", default: "3s" },
    url: { type: "string", summary: "Where to ask instead.", placeholder: "url" },
  },
  examples: ["telahubd health -port 8080"],
  run: async ({ flags, io }) => {
    const timeoutMs = parseDuration(flags.timeout) ?? 0;
    if (timeoutMs <= 0) {
      throw new UsageError(`-timeout must be a duration above 0 such as 3s: ${flags.timeout}`);
    }
    const variable = io.env("TELAHUBD_PORT") ?? "";
    const port = flags.port ?? (/^[1-9]\d*$/.test(variable) ? Number(variable) : 80);
    const base = flags.url ?? `http://127.0.0.1:${port}`;
    if (!URL.canParse(base)) throw new UsageError(`-url must be a URL: ${base}`);
    io.stdout(`${await checkHealth(base, { timeoutMs })}\n`);
  },
});

const udpRelay = command({
  name: "udp-relay",
  summary: "Relay by UDP for a hub on another host that cannot bind UDP",
  description: `The hub must have the same udpRelaySecret. It then offers its peers this host. The
secret is read from a file or from TELAHUBD_UDP_RELAY_SECRET.`,
  flags: {
    hub: {
      type: "string",
      summary: "URL of the hub. Default: TELA_HUB.",
      placeholder: "url",
    },
    host: {
      type: "string",
      summary: "Public name or address of this host. Default: TELAHUBD_UDP_HOST.",
      placeholder: "name",
    },
    port: {
      type: "number",
      summary: "UDP port; 0 takes a free one. Default: TELAHUBD_UDP_PORT, else 41820.",
      min: 0,
      max: 65535,
    },
    "secret-file": {
      type: "string",
      summary: "File with the secret. Default: TELAHUBD_UDP_RELAY_SECRET.",
      placeholder: "path",
    },
  },
  examples: ["telahubd udp-relay -hub wss://hub.example -host udp.example -secret-file secret"],
  run: ({ flags, io }) => runUdpHost(flags, io),
});

/** `telahubd`, whose work without a verb is to run the hub. Spec: hub-api.md 6 */
export const telahubd: Command = command({
  name: "telahubd",
  summary: "The hub of a Tela network: agents and clients meet here",
  description: RUN_DESCRIPTION,
  flags: RUN_FLAGS,
  examples: ["telahubd -port 8080", "telahubd -config /etc/tela/telahubd.yaml"],
  commands: [run, user, portal, service, health, udpRelay],
  run: ({ flags, io }) => runHub(flags, io),
});
