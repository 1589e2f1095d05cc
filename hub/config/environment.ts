import { ConfigError } from "../../core/config/mod.ts";
import { type HubConfig, MIN_SECRET_LENGTH } from "./model.ts";

function portOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) && Number(text) <= 65535
    ? Number(text)
    : undefined;
}

/** Words for "no", in either case; other values leave the file's word standing. */
const NO = /^(?:0|false|no|off)$/i;

/**
 * The secret of a separate UDP host, "" if the variable is not set.
 *
 * @throws ConfigError if it is too short to be one; the secret is not shown
 */
export function udpRelaySecretOf(env: (name: string) => string | undefined): string {
  const secret = env("TELAHUBD_UDP_RELAY_SECRET") ?? "";
  if (secret === "" || secret.length >= MIN_SECRET_LENGTH) return secret;
  const rule = `expected at least ${MIN_SECRET_LENGTH} characters`;
  throw new ConfigError(`Cannot use TELAHUBD_UDP_RELAY_SECRET: ${rule}`, { code: "invalid" });
}

/**
 * The configuration with what the environment overrides; nothing of it goes into the file. A port
 * that is no whole number is ignored, 0 lets the system choose.
 *
 * @throws ConfigError if the secret of the UDP host is too short
 */
export function withEnvironment(
  config: HubConfig,
  env: (name: string) => string | undefined,
): HubConfig {
  return {
    ...config,
    port: portOf(env("TELAHUBD_PORT")) ?? config.port,
    udpPort: portOf(env("TELAHUBD_UDP_PORT")) ?? config.udpPort,
    udpHost: env("TELAHUBD_UDP_HOST") || config.udpHost,
    udp: NO.test(env("TELAHUBD_UDP") ?? "") ? false : config.udp,
    udpRelaySecret: udpRelaySecretOf(env) || config.udpRelaySecret,
    name: env("TELAHUBD_NAME") || config.name,
    wwwDir: env("TELAHUBD_WWW_DIR") || config.wwwDir,
  };
}
