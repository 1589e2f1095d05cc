/**
 * The command-line frame of every program here: commands declared as data, parsed, helped, run.
 *
 * @example
 * ```ts
 * import { command, MemoryIo, run } from "./mod.ts";
 *
 * const greet = command({
 *   name: "greet",
 *   summary: "Print a greeting",
 *   flags: { times: { type: "number", summary: "How often.", default: 1, min: 1 } },
 *   positionals: [{ name: "who", kind: "required" }],
 *   examples: ["demo greet world -times 2"],
 *   run: ({ flags, args, io }) => io.stdout(`hello ${args[0]}\n`.repeat(flags.times)),
 * });
 * const program = command({ name: "demo", summary: "Show the frame", commands: [greet] });
 *
 * const io = new MemoryIo({ args: ["greet", "world", "-times", "2"] });
 * console.log(await run(program, io), io.out); // 0 hello world (twice)
 * ```
 *
 * @module
 */

export {
  type Command,
  command,
  type CommandOptions,
  type Flag,
  type Flags,
  type FlagValue,
  type FlagValueOf,
  type FlagValues,
  type Invocation,
  type Positional,
} from "./command.ts";
export { confirm } from "./confirm.ts";
export { errorLine, type ExitCode, exitCodeOf, UsageError } from "./errors.ts";
export { renderHelp } from "./help.ts";
export { type Io, MemoryIo, type MemoryIoOptions, type SystemIo, systemIo } from "./io.ts";
export { onInterrupt } from "./interrupt.ts";
export { Prompt, type Question } from "./prompt.ts";
export { run, runMain } from "./run.ts";
export { nearest } from "./suggest.ts";
export { formatJson, formatTable, printable, type Table } from "./table.ts";
export { goPlatform, type Platform, VERSION, versionLine } from "./version.ts";
