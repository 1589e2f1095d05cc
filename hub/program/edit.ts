import type { Io } from "../../core/cli/mod.ts";
import { systemClock } from "../../core/clock/mod.ts";
import type { Host } from "../../core/config/mod.ts";
import { AccessStore, type Operation } from "../access/mod.ts";
import { type HubConfigFile, untilInEffect } from "../config/mod.ts";
import { authFileOf } from "./auth_file.ts";
import { openToEdit } from "./config_path.ts";

/** For the help of verbs that change the configuration. */
export const EFFECT = `A hub that runs with this file goes by the change when the command returns,
and keeps what else was changed meanwhile.`;

/** The machine, as a program's surroundings tell it. */
export function hostOf(io: Io): Host {
  return { os: Deno.build.os, env: (name) => io.env(name) || undefined };
}

/** Waits until a hub that runs with the file goes by what is in it, and says so if it does not. */
export async function settle({ path }: HubConfigFile, io: Io): Promise<void> {
  if (await untilInEffect(path, { clock: systemClock }) !== "late") return;
  io.stderr(`warning: the hub that runs with ${path} does not use the change yet; see its log\n`);
}

/**
 * Changes who may do what, as the hub itself would, and waits until one that runs goes by it.
 *
 * @param config path given; undefined for the usual one
 * @throws Error if the operation is refused
 * @throws ConfigError if the file cannot be read or written
 */
export async function editAccess<T>(
  operation: Operation<T>,
  { config, io }: { readonly config: string | undefined; readonly io: Io },
): Promise<T> {
  const file = await openToEdit(config, hostOf(io));
  const store = new AccessStore(authFileOf(file), { onChange: () => {} });
  const outcome = await store.change(operation);
  if (!outcome.done) throw new Error(outcome.refusal.message);
  await settle(file, io);
  return outcome.value;
}
