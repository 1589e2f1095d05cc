import { type Io, onInterrupt, UsageError, VERSION } from "../../core/cli/mod.ts";
import { systemClock, systemRandom } from "../../core/clock/mod.ts";
import { ConfigError, fileFault } from "../../core/config/mod.ts";
import { createLog, type Log } from "../../core/log/mod.ts";
import { dialWebSocket } from "../../core/websocket/mod.ts";
import { DEFAULTS, MIN_SECRET_LENGTH, udpRelaySecretOf } from "../config/mod.ts";
import { bindUdp, UdpPort, UdpRelay } from "../udp/mod.ts";
import { HostRelay, isHost, LINK_PATH } from "../udp_link/mod.ts";

/** Flags of `telahubd udp-relay`. */
export interface UdpHostFlags {
  /** URL of the hub. */
  readonly hub: string | undefined;
  /** Public name or address of this host. */
  readonly host: string | undefined;
  /** UDP port; 0 lets the system choose. */
  readonly port: number | undefined;
  /** Path of a file with the secret. */
  readonly "secret-file": string | undefined;
}

/** What a UDP host runs with. */
export interface UdpHostPlan {
  /** Where to open the link. */
  readonly url: string;
  /** Public name or address of this host. */
  readonly host: string;
  /** UDP port; 0 lets the system choose. */
  readonly port: number;
}

/** The link's URL: the hub's, with its path before ours. */
function linkUrl(hub: string): string {
  const url = URL.canParse(hub) ? new URL(hub) : undefined;
  if (url === undefined || !/^wss?:$/.test(url.protocol)) {
    throw new UsageError("-hub, or TELA_HUB, must be a URL that begins with ws:// or wss://");
  }
  url.pathname = url.pathname.replace(/\/+$/, "") + LINK_PATH;
  return url.href;
}

/** Decides by flags and environment. @throws UsageError */
export function planUdpHost(flags: UdpHostFlags, env: Io["env"]): UdpHostPlan {
  const host = flags.host ?? env("TELAHUBD_UDP_HOST") ?? "";
  if (!isHost(host)) {
    const rule = "must be the public name or address of this host, which peers are told";
    throw new UsageError(`-host, or TELAHUBD_UDP_HOST, ${rule}: ${JSON.stringify(host)}`);
  }
  const variable = env("TELAHUBD_UDP_PORT") ?? "";
  const isPort = /^\d{1,5}$/.test(variable) && Number(variable) < 65536;
  const port = flags.port ?? (isPort ? Number(variable) : DEFAULTS.udpPort);
  return { url: linkUrl(flags.hub ?? env("TELA_HUB") ?? ""), host, port };
}

/** Says so if others on this machine can read the secret; Windows does not tell. */
async function warnIfShared(path: string, log: Log): Promise<void> {
  const { mode } = await Deno.stat(path);
  if (mode === null || (mode & 0o077) === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  log(`warning: others can read ${path} (mode ${octal}): chmod 600 ${path}`);
}

/** From the file, or else the environment; never shown. @throws ConfigError */
async function readSecret(
  path: string | undefined,
  { env, log }: { env: Io["env"]; log: Log },
): Promise<string> {
  if (path === undefined) {
    const secret = udpRelaySecretOf(env);
    if (secret !== "") return secret;
    throw new ConfigError("No secret: set TELAHUBD_UDP_RELAY_SECRET or give -secret-file");
  }
  let secret: string;
  try {
    secret = (await Deno.readTextFile(path)).trim();
    await warnIfShared(path, log);
  } catch (cause) {
    const message = `Cannot read ${path}: ${fileFault(cause)}`;
    throw new ConfigError(message, { code: "unreadable", path, cause });
  }
  if (secret.length >= MIN_SECRET_LENGTH) return secret;
  throw new ConfigError(`Cannot use ${path}: expected at least ${MIN_SECRET_LENGTH} characters`);
}

function report(log: Log, { stats }: UdpRelay): void {
  const drops = Object.entries(stats.drops).filter(([, count]) => count > 0);
  const dropped = drops.map(([reason, count]) => `${reason} ${count}`).join(", ") || "none";
  log(`stopped; datagrams received: ${stats.received}, dropped: ${dropped}`);
}

/**
 * Relays by UDP for a hub on another host until it is told to stop.
 *
 * @throws ConfigError without a usable secret
 * @throws UsageError if flags and environment do not say enough
 * @throws UdpBindError if the port cannot be bound
 */
export async function runUdpHost(flags: UdpHostFlags, io: Io): Promise<void> {
  const env = (name: string) => io.env(name) || undefined;
  const plan = planUdpHost(flags, env);
  const write = (line: string) => io.stderr(`${line}\n`);
  const [clock, random] = [systemClock, systemRandom];
  const log = createLog({ component: "udp-relay", clock, write });
  const secret = await readSecret(flags["secret-file"], { env, log });
  const { socket, port } = bindUdp({ port: plan.port, hostname: "0.0.0.0" });
  const relay = new UdpRelay(random);
  const udpPort = new UdpPort({ socket, relay, clock, log });
  log(`telahubd ${VERSION}, UDP relay and STUN on port ${port}, offered as ${plan.host}`);
  const hostRelay = new HostRelay({
    relay,
    dial: (signal) => dialWebSocket({ url: plan.url, clock, random, signal }),
    secret,
    place: { host: plan.host, port },
    clock,
    random,
    log,
  });
  const interrupt = onInterrupt((signal) => {
    log(`${signal}: shutting down`);
    hostRelay.stop();
  });
  await hostRelay.run();
  await udpPort.close();
  interrupt[Symbol.dispose]();
  report(log, relay);
}
