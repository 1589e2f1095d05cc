import type { Credentials } from "../core/credentials/mod.ts";
import type { Log } from "../core/log/mod.ts";
import type { AgentConfig } from "./config.ts";

/** What {@linkcode addStoredTokens} needs. */
export interface StoredTokensOptions {
  /** Reads the credential stores. */
  readCredentials: () => Promise<Credentials>;
  /** Told what could not be read. */
  log: Log;
}

/**
 * The configuration with the token of the credential stores for each machine that has none of its
 * own, nor of the whole file. The stores are read only if that is needed.
 *
 * Spec: agent.md 1.4
 *
 * @throws {import("../core/config/mod.ts").ConfigError} if a store is damaged
 */
export async function addStoredTokens(
  config: AgentConfig,
  { readCredentials, log }: StoredTokensOptions,
): Promise<AgentConfig> {
  if (config.machines.every(({ token }) => token !== "")) return config;
  const credentials = await readCredentials();
  const stored = credentials.find(config.hub)?.token ?? "";
  if (stored === "") {
    for (const warning of credentials.warnings) log(warning);
    return config;
  }
  const machines = config.machines.map((machine) =>
    Object.freeze({ ...machine, token: machine.token || stored })
  );
  return Object.freeze({ ...config, machines: Object.freeze(machines) });
}
