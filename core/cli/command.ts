import type { Io } from "./io.ts";

/** A flag of a command, written `-name value` or `-name=value`; a boolean is written `-name`. */
export interface Flag {
  /** What a value is. A number is a whole number, written in decimal digits. */
  readonly type: "string" | "number" | "boolean";
  /** What the flag does: a sentence for the help, without default and environment variable. */
  readonly summary: string;
  /** Name of the value in the help, as `url`. Default: the type. */
  readonly placeholder?: string;
  /** Value where neither the flag nor its variable is given. */
  readonly default?: string | number;
  /** Environment variable that stands in for the flag; empty counts as not set. */
  readonly env?: string;
  /** Whether the command cannot do without it. Default: false. */
  readonly required?: boolean;
  /** Smallest number accepted. */
  readonly min?: number;
  /** Largest number accepted. */
  readonly max?: number;
}

/** The flags of a command by name, in the order of its help. */
export type Flags = Readonly<Record<string, Flag>>;

/** A value of any flag. */
export type FlagValue = string | number | boolean | undefined;

/** The type of the values of flag `F`. */
export type FlagValueOf<F extends Flag> = F["type"] extends "boolean" ? boolean
  :
    | (F["type"] extends "number" ? number : string)
    | (F extends { required: true } | { default: string | number } ? never : undefined);

/** The values a command's `run` receives for its flags. */
export type FlagValues<F extends Flags> = { readonly [K in keyof F]: FlagValueOf<F[K]> };

/** An argument that is not a flag. */
export interface Positional {
  /** Name in the help, as `machine`. */
  readonly name: string;
  /** `variadic` takes any number, none included, and must stand last. */
  readonly kind: "required" | "optional" | "variadic";
}

/** What a command's `run` receives. */
export interface Invocation<V = Readonly<Record<string, FlagValue>>> {
  /** By flag name. */
  readonly flags: V;
  /** The arguments that are not flags, as many as the command declares. */
  readonly args: readonly string[];
  /** The surroundings; results go to its `stdout`. */
  readonly io: Io;
}

/** What {@linkcode command} makes a command of. */
export interface CommandOptions<F extends Flags> {
  /** Lower-case word; that of the root command is the program's name. */
  readonly name: string;
  /** One line for the first line of its help and the list of its parent; no final stop. */
  readonly summary: string;
  /** Lines of the USAGE section. Default: made from flags and arguments. */
  readonly usage?: readonly string[];
  /** What it reads, writes and needs, in at most six lines; a blank line parts paragraphs. */
  readonly description?: string;
  /** Default: none. */
  readonly flags?: F;
  /** Default: none. */
  readonly positionals?: readonly Positional[];
  /** Whole command lines that can be run as they stand. */
  readonly examples?: readonly string[];
  /** Other commands, as `tela status`. */
  readonly seeAlso?: readonly string[];
  /** Sub-commands. Default: none. */
  readonly commands?: readonly Command[];
  /** Does the work. Without it, the bare command prints its help. A throw becomes the exit code. */
  readonly run?: (invocation: Invocation<FlagValues<F>>) => Promise<void> | void;
}

/** A command of a program, or the program itself. Made by {@linkcode command}. */
export interface Command extends Omit<CommandOptions<Flags>, "run"> {
  /** By name, in the order of its help. */
  readonly flags: Flags;
  /** In order; only the last may be variadic. */
  readonly positionals: readonly Positional[];
  /** Sub-commands, in the order of its help. */
  readonly commands: readonly Command[];
  /** Does the work; absent where the bare command prints its help. */
  readonly run?: (invocation: Invocation) => Promise<void> | void;
}

/** Declares a command; `run` gets the flags in the types they are declared with. */
export function command<const F extends Flags = Record<never, never>>(
  options: CommandOptions<F>,
): Command {
  const { run, ...rest } = options;
  return {
    flags: {},
    positionals: [],
    commands: [],
    ...rest,
    // The parser builds the values from the same declaration F that this type is derived from.
    run: run && ((invocation) => run(invocation as Invocation<FlagValues<F>>)),
  };
}
