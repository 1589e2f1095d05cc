import { type Command, command } from "./command.ts";
import { errorLine, type ExitCode, exitCodeOf, UsageError } from "./errors.ts";
import { renderHelp } from "./help.ts";
import { type Io, systemIo } from "./io.ts";
import { leadingFlags, looksLikeFlag, parse } from "./parse.ts";
import { nearest } from "./suggest.ts";
import { printable } from "./table.ts";
import { versionLine } from "./version.ts";

/** The command that a command line's words lead to. */
interface Place {
  /** The words, the program's name first. */
  readonly path: string;
  readonly command: Command;
  /** What follows the words. */
  readonly rest: readonly string[];
}

/** The program with the two commands that every program has. */
function withBuiltins(program: Command): Command {
  const { name } = program;
  const version = command({
    name: "version",
    summary: "Print version and platform",
    examples: [`${name} version`],
    run: ({ io }) => io.stdout(`${versionLine(name)}\n`),
  });
  const help = command({
    name: "help",
    summary: "Print the help of a command",
    usage: [`${name} help [command]`],
    positionals: [{ name: "command", kind: "variadic" }],
    examples: [`${name} help`, `${name} help version`],
  });
  return { ...program, commands: [...program.commands, version, help] };
}

/**
 * Follows the words. A `--` before one is what task runners put between their words and ours; flags of
 * a command may stand before the word of one below it, as in `agent channel -machine barn set stable`.
 */
function walk(program: Command, words: readonly string[]): Place {
  let place: Place = { path: program.name, command: program, rest: words };
  for (;;) {
    if (place.rest[0] === "--" && place.command.commands.length > 0) {
      place = { ...place, rest: place.rest.slice(1) };
    }
    const { command } = place;
    const at = leadingFlags(command, place.rest);
    const next = command.commands.find(({ name }) => name === place.rest[at]);
    if (next === undefined) return place;
    const rest = place.rest.toSpliced(at, 1);
    place = { path: `${place.path} ${next.name}`, command: next, rest };
  }
}

/** The word that names no command, where a command is due: one that takes arguments has none. */
function unknownWord({ command, rest }: Place): string | undefined {
  const word = rest[0];
  if (word === undefined || looksLikeFlag(word)) return undefined;
  return command.commands.length > 0 && command.positionals.length === 0 ? word : undefined;
}

function reportUnknown({ path, command }: Place, { word, io }: { word: string; io: Io }): ExitCode {
  const near = nearest(word, command.commands.map(({ name }) => name));
  const hint = near === undefined ? "" : `Did you mean: ${near}?\n`;
  io.stderr(`Error: unknown command "${printable(word)}"\n${hint}\n${renderHelp(path, command)}`);
  return 1;
}

function printHelp({ path, command }: Place, io: Io): ExitCode {
  io.stdout(renderHelp(path, command));
  return 0;
}

/** Turns `help a b`, `a help b` and `a b help` into the words whose help is asked for. */
function helpWords(program: Command, args: readonly string[]): readonly string[] | undefined {
  const { path, command, rest } = walk(program, args);
  const words = path.split(" ").slice(1);
  if (words[0] === "help") return rest.filter((word) => !looksLikeFlag(word));
  if (rest[0] !== "help" || command.positionals.length > 0) return undefined;
  return [...words, ...rest.slice(1).filter((word) => !looksLikeFlag(word))];
}

async function runPlace(place: Place, io: Io): Promise<ExitCode> {
  const { path, command, rest } = place;
  let verbose = false;
  try {
    const parsed = parse(command, { argv: rest, env: (name) => io.env(name) });
    if (parsed.kind === "help") return printHelp(place, io);
    if (command.run === undefined) return printHelp(place, io);
    verbose = parsed.flags.v === true;
    await command.run({ flags: parsed.flags, args: parsed.args, io });
    return 0;
  } catch (error) {
    io.stderr(`${errorLine(error, { verbose })}\n`);
    if (error instanceof UsageError) io.stderr(`\n${renderHelp(path, command)}`);
    return exitCodeOf(error);
  }
}

/**
 * Runs the command that `io.args` names and gives the exit code. Adds `help`, `version` and
 * `--version`. Help goes to standard output, or to standard error after an error. Never throws.
 *
 * Spec: client.md 1.0, 7
 */
export async function run(program: Command, io: Io): Promise<ExitCode> {
  const root = withBuiltins(program);
  const first = io.args[0];
  const args = first !== undefined && /^--?version$/.test(first) ? ["version"] : io.args;
  const asked = helpWords(root, args);
  const place = walk(root, asked ?? args);
  const unknown = asked?.length === 0 ? undefined : unknownWord(place);
  if (unknown !== undefined) return reportUnknown(place, { word: unknown, io });
  return asked === undefined ? await runPlace(place, io) : printHelp(place, io);
}

/** Runs a program in this process and ends the process with its exit code. */
export async function runMain(program: Command): Promise<never> {
  Deno.exit(await run(program, systemIo()));
}
