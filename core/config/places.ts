import { posix, win32 } from "node:path";
import { ConfigError } from "./error.ts";

/** What the location of files and the defaults of settings depend on. */
export interface Host {
  /** Operating system, named as Deno and Go name it: `linux`, `darwin`, `windows`. */
  readonly os: typeof Deno.build.os;
  /** An environment variable; undefined if it is unset or empty. Spec: agent.md 1.3 */
  env(name: string): string | undefined;
}

/** The machine this program runs on. */
export const systemHost: Host = {
  os: Deno.build.os,
  env: (name) => Deno.env.get(name) || undefined,
};

/** Joins parts of a path with the separator of `host`. */
export function joinPath(host: Host, parts: readonly string[]): string {
  return (host.os === "windows" ? win32 : posix).join(...parts);
}

/** The home directory. @throws {ConfigError} if the environment does not tell it */
function homeDir(host: Host): string {
  const variable = host.os === "windows" ? "USERPROFILE" : "HOME";
  const dir = host.env(variable);
  if (dir === undefined) {
    throw new ConfigError(`Cannot find your home directory: ${variable} is not set`, {
      code: "invalid",
    });
  }
  return dir;
}

/**
 * Where one user's files are: `~/.tela`, on Windows `%APPDATA%\tela`.
 *
 * Spec: agent.md 1.4, client.md 4.
 *
 * @throws {ConfigError} if the environment does not tell the home directory
 */
export function userDir(host: Host): string {
  const appData = host.os === "windows" ? host.env("APPDATA") : undefined;
  return appData === undefined
    ? joinPath(host, [homeDir(host), ".tela"])
    : joinPath(host, [appData, "tela"]);
}

/** Where the machine's files are: `/etc/tela`, on Windows `%ProgramData%\Tela`. */
export function systemDir(host: Host): string {
  if (host.os !== "windows") return "/etc/tela";
  return joinPath(host, [host.env("ProgramData") ?? "C:\\ProgramData", "Tela"]);
}

/**
 * Where a running program leaves its control file: `run` in {@linkcode userDir}.
 *
 * @throws {ConfigError} if the environment does not tell the home directory
 */
export function runDir(host: Host): string {
  return joinPath(host, [userDir(host), "run"]);
}
