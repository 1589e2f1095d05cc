/** What was wrong with a file: it was not there, could not be read, parsed, accepted or written. */
export type ConfigErrorCode = "absent" | "unreadable" | "malformed" | "invalid" | "unwritable";

/** Options of {@linkcode ConfigError}. */
export interface ConfigErrorOptions extends ErrorOptions {
  /** What was wrong. Default `invalid`. */
  code?: ConfigErrorCode;
  /** The file concerned, if there is one. */
  path?: string;
}

/** A file or setting that the operator has to correct. The message says which, where and why. */
export class ConfigError extends Error {
  /** `ConfigError`. */
  override readonly name = "ConfigError";
  /** Exit code of a program that ends because of it. */
  readonly exitCode = 3;
  /** What was wrong. */
  readonly code: ConfigErrorCode;
  /** The file concerned; undefined if the fault is not in a file. */
  readonly path: string | undefined;

  /** The message says what could not be done, where, and why. */
  constructor(message: string, { code = "invalid", path, ...options }: ConfigErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}

/** The reason a file operation failed, in words an operator knows; `cause` is what `Deno.*` threw. */
export function fileFault(cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) return "no such file or directory";
  if (cause instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (cause instanceof Deno.errors.NotCapable) {
    return "the permissions this program was started with do not include it";
  }
  if (cause instanceof Deno.errors.IsADirectory) return "it is a directory";
  if (cause instanceof Deno.errors.NotADirectory) return "a part of the path is not a directory";
  return cause instanceof Error ? cause.message : String(cause);
}
