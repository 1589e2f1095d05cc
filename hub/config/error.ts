import { ConfigError as SetupError } from "../../core/cli/mod.ts";

/** Why a configuration file cannot be used. */
export type ConfigErrorCode = "unreadable" | "unparsable" | "invalid" | "unwritable";

/** Options of {@linkcode ConfigError}. */
export interface ConfigErrorOptions {
  /** What is wrong with the file, as a clause without a capital or full stop. */
  problem: string;
  /** The file. */
  path: string;
  /** Line of the file, from 1, where one can be named. */
  line?: number | undefined;
  /** The error underneath. */
  cause?: unknown;
}

/**
 * A configuration file that cannot be used. Its message names the file and the line, never the
 * text there, which may be a secret.
 */
export class ConfigError extends SetupError {
  /** What kind of failure it is. */
  readonly code: ConfigErrorCode;
  /** The file. */
  readonly path: string;
  /** Line of the file, from 1, if one can be named. */
  readonly line: number | undefined;

  /** Makes the error; `code` selects the first words of the message. */
  constructor(code: ConfigErrorCode, { problem, path, line, cause }: ConfigErrorOptions) {
    const doing = { unreadable: "read", unparsable: "read", invalid: "use", unwritable: "save" };
    const place = line === undefined ? path : `${path}:${line}`;
    super(`Cannot ${doing[code]} the configuration: ${place}: ${problem}`, { cause });
    this.code = code;
    this.path = path;
    this.line = line;
  }
}
