import type { HubConfig } from "./model.ts";

function portOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) && Number(text) <= 65535
    ? Number(text)
    : undefined;
}

/**
 * The configuration with what the environment overrides; nothing of it goes into the file. A port
 * that is no whole number is ignored, 0 lets the system choose.
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
    name: env("TELAHUBD_NAME") || config.name,
    wwwDir: env("TELAHUBD_WWW_DIR") || config.wwwDir,
  };
}
