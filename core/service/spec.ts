/** A program that a machine's service manager starts at boot and keeps running. */
export interface ServiceSpec {
  /** Short name in lower case, as `telahubd`. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /** Absolute path of the program, then its arguments. */
  readonly command: readonly string[];
  /** Absolute path of the folder it runs in. */
  readonly workingDir: string;
}

/** A service that no service manager would take, or not as it is meant. */
export class ServiceSpecError extends Error {
  /** Names the class. */
  override readonly name: string = "ServiceSpecError";
}

/** Absolute on Unix or Windows. */
const ABSOLUTE = /^(?:\/|[A-Za-z]:[\\/])/;

// deno-lint-ignore no-control-regex -- a line feed would add settings of its own to a unit
const CONTROL = /[\x00-\x1f\x7f]/;

/** Makes sure that a service can be written down. @throws ServiceSpecError */
export function checkSpec({ name, description, command, workingDir }: ServiceSpec): void {
  const fail = (what: string, value: string, rule: string) => {
    throw new ServiceSpecError(
      `Cannot install a service: ${what} ${rule}: ${JSON.stringify(value)}`,
    );
  };
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) fail("name", name, "must be a short word");
  const [program = ""] = command;
  if (!ABSOLUTE.test(program)) fail("program", program, "must be an absolute path");
  if (!ABSOLUTE.test(workingDir)) fail("folder", workingDir, "must be an absolute path");
  const texts = [description, workingDir, ...command];
  const bad = texts.find((text) => CONTROL.test(text));
  if (bad !== undefined) fail("text", bad, "must not hold control characters");
}
