import type { Command, Flag, FlagValue } from "./command.ts";
import { UsageError } from "./errors.ts";
import { nearest } from "./suggest.ts";

/** What a command line asks of a command. */
export type Parsed =
  | { readonly kind: "help" }
  | {
    readonly kind: "run";
    readonly flags: Readonly<Record<string, FlagValue>>;
    readonly args: readonly string[];
  };

const HELP_FLAGS: readonly string[] = ["h", "?", "help"];

/** Whether `arg` asks for help: `-h`, `-?`, `-help`, each with one dash or two. */
export function isHelpFlag(arg: string): boolean {
  const name = /^--?(.+)$/.exec(arg)?.[1];
  return name !== undefined && HELP_FLAGS.includes(name);
}

/** A dash alone is an argument: it commonly names standard input. */
export function looksLikeFlag(arg: string): boolean {
  return arg.startsWith("-") && arg !== "-";
}

function flagOf(flags: Command["flags"], name: string): Flag | undefined {
  return Object.hasOwn(flags, name) ? flags[name] : undefined;
}

/** @throws {UsageError} if `text` is not a whole number within the flag's range */
function parseNumber(source: string, text: string, { min, max }: Flag): number {
  const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
  const range = min !== undefined && max !== undefined
    ? ` from ${min} to ${max}`
    : min !== undefined
    ? ` of at least ${min}`
    : "";
  if (Number.isSafeInteger(value) && value >= (min ?? -Infinity) && value <= (max ?? Infinity)) {
    return value;
  }
  throw new UsageError(`Invalid value "${text}" for ${source}: must be a whole number${range}`);
}

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false };

function parseValue(source: string, text: string, flag: Flag): FlagValue {
  if (flag.type === "string") return text;
  if (flag.type === "number") return parseNumber(source, text, flag);
  const value = Object.hasOwn(BOOLEANS, text) ? BOOLEANS[text] : undefined;
  if (value === undefined) {
    throw new UsageError(`Invalid value "${text}" for ${source}: must be true or false`);
  }
  return value;
}

function unknownFlag(command: Command, name: string): UsageError {
  const near = nearest(name, Object.keys(command.flags));
  const hint = near === undefined ? "" : `: did you mean -${near}?`;
  return new UsageError(`Unknown flag -${name}${hint}`);
}

/** Splits off flags, which stand anywhere before `--`. `given` holds those of the command line. */
function split(command: Command, argv: readonly string[]) {
  const given = new Map<string, FlagValue>();
  const args: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i]!;
    if (arg === "--") return { given, args: [...args, ...argv.slice(i + 1)] };
    if (!looksLikeFlag(arg)) {
      args.push(arg);
      continue;
    }
    if (isHelpFlag(arg)) return undefined;
    const [, name, inline] = /^--?([^=]*)(?:=([^]*))?$/.exec(arg)!;
    const flag = flagOf(command.flags, name!);
    if (flag === undefined) throw unknownFlag(command, name!);
    if (inline !== undefined) given.set(name!, parseValue(`-${name}`, inline, flag));
    else if (flag.type === "boolean") given.set(name!, true);
    else given.set(name!, parseValue(`-${name}`, valueAfter(command, argv, i++), flag));
  }
  return { given, args };
}

/** @throws {UsageError} if no value follows, or one of the command's own flags does */
function valueAfter(command: Command, argv: readonly string[], index: number): string {
  const value = argv[index + 1];
  const name = value === undefined ? undefined : /^--?([^=]+)/.exec(value)?.[1];
  const isFlag = name !== undefined && flagOf(command.flags, name) !== undefined;
  if (value !== undefined && !isFlag) return value;
  throw new UsageError(`Missing value for ${argv[index]}`);
}

/** How many of the first of `argv` are flags of the command, with their values. */
export function leadingFlags({ flags }: Command, argv: readonly string[]): number {
  let i = 0;
  for (;;) {
    const [, name, inline] = /^--?([^=]+)(=[^]*)?$/.exec(argv[i] ?? "") ?? [];
    const flag = name === undefined ? undefined : flagOf(flags, name);
    if (flag === undefined) return i;
    i += inline !== undefined || flag.type === "boolean" ? 1 : 2;
  }
}

function checkArguments(command: Command, args: readonly string[]): void {
  const { positionals } = command;
  const variadic = positionals.at(-1)?.kind === "variadic";
  if (!variadic && args.length > positionals.length) {
    throw new UsageError(`Unexpected argument "${args[positionals.length]}"`);
  }
  const missing = positionals.slice(args.length).filter(({ kind }) => kind === "required");
  if (missing.length > 0) {
    throw new UsageError(`Missing ${missing.map(({ name }) => `<${name}>`).join(" and ")}`);
  }
}

/**
 * Parses what follows the words of `command`. A flag beats its environment variable, which beats
 * its default; all required flags and arguments are there when this returns a run.
 *
 * Spec: client.md 1.0 (flag syntax, flag position, environment)
 *
 * @throws {UsageError} if a flag is unknown, a value is malformed, or something is missing
 */
export function parse(
  command: Command,
  { argv, env }: { argv: readonly string[]; env: (name: string) => string | undefined },
): Parsed {
  const found = split(command, argv);
  if (found === undefined) return { kind: "help" };
  const flags: Record<string, FlagValue> = {};
  const missing: string[] = [];
  for (const [name, flag] of Object.entries(command.flags)) {
    const variable = flag.env === undefined ? "" : env(flag.env) ?? "";
    if (found.given.has(name)) flags[name] = found.given.get(name);
    else if (variable !== "") flags[name] = parseValue(flag.env!, variable, flag);
    else flags[name] = flag.type === "boolean" ? false : flag.default;
    if (flag.required && (flags[name] === undefined || flags[name] === "")) {
      missing.push(flag.env === undefined ? `-${name}` : `-${name} (or ${flag.env})`);
    }
  }
  if (missing.length > 0) throw new UsageError(`Missing ${missing.join(" and ")}`);
  checkArguments(command, found.args);
  return { kind: "run", flags, args: found.args };
}
