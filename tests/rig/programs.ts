import { noProxy } from "./http.ts";
import { Process } from "./process.ts";

/** Root of the tree, as a path of this platform. */
const ROOT = new URL("../../", import.meta.url);

/** The programs of the fabric and the `deno.json` task that starts each. */
export const PROGRAM_TASKS = { telahubd: "hub", telad: "agent", tela: "tela" } as const;

/** A program of the fabric. */
export type ProgramName = keyof typeof PROGRAM_TASKS;

/** What to give a program. */
export interface ProgramOptions {
  /** What reports call this process. Default: the name of the program. */
  name?: string;
  /** Command line arguments. */
  args: string[];
  /** Home and working directory, so that it finds no configuration but its own. */
  home: string;
  /** File of the tree to run in place of the program's own. Default: none. */
  script?: string | undefined;
  /** Words before the command, such as `ip netns exec NAME`. Default: none. */
  prefix?: readonly string[];
  /** Environment besides what the machine needs, such as `TELA_TOKEN`. */
  env?: Record<string, string>;
}

/** The path of a file of the tree, given from its root. */
function pathOf(file: string): string {
  const { pathname } = new URL(file, ROOT);
  return Deno.build.os === "windows" ? decodeURI(pathname).slice(1) : decodeURI(pathname);
}

/** How a task starts a program. */
export interface TaskCommand {
  /** The arguments after `deno`. */
  args: string[];
  /** Variables set before it. */
  env: Record<string, string>;
}

/**
 * How a task runs one program: least privilege as users get it, taken from where users get it so that
 * the two cannot drift apart. Words in quotes hold variables that stand for `home`.
 *
 * @throws {Error} when the task does not have the form `[NAME=1] deno run --allow-... folder/main.ts`.
 */
export function taskCommand(
  tasks: Record<string, unknown>,
  { task, home }: { task: string; home: string },
): TaskCommand {
  const command = tasks[task];
  const words = typeof command === "string"
    ? command.split(/\s+/).map((word) =>
      word.replace(/^"(.*)"$/, "$1").replaceAll(/\$(HOME|APPDATA)\b/g, () => home)
    )
    : [];
  const first = words.findIndex((word) => !/^[A-Z_]+=\d+$/.test(word));
  const env = Object.fromEntries(words.slice(0, first).map((word) => word.split("=")));
  const [deno, run, ...rest] = words.slice(first);
  const script = rest.pop();
  const flagsOnly = rest.every((word) =>
    /^--(no-prompt$|allow-|deny-|unstable-|v8-flags=)/.test(word)
  );
  if (deno !== "deno" || run !== "run" || !script?.endsWith("main.ts") || !flagsOnly) {
    throw new Error(`Cannot read task "${task}": "${command}" is not "deno run FLAGS main.ts"`);
  }
  return { args: [run, ...rest, pathOf(script)], env };
}

let denoDirectory: Promise<string> | undefined;

/** Where Deno keeps its packages: a program with a home of its own must not fetch them anew. */
async function findDenoDirectory(): Promise<string> {
  const info = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
    stdin: "null",
    stderr: "inherit",
  }).output();
  return JSON.parse(new TextDecoder().decode(info.stdout)).denoDir;
}

/** This process's environment without anything of a user's own fabric. */
async function environment(home: string): Promise<Record<string, string>> {
  const kept = Object.entries(Deno.env.toObject()).filter(([name]) => !/^TELA/i.test(name));
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    USERPROFILE: home,
    APPDATA: home,
    XDG_CONFIG_HOME: `${home}/.config`,
    DENO_DIR: await (denoDirectory ??= findDenoDirectory()),
    DENO_NO_UPDATE_CHECK: "1",
    NO_PROXY: noProxy(),
    NO_COLOR: "1",
  };
}

/** Starts a program of the fabric as a user does, with exactly the permissions of its task. */
export async function startProgram(
  program: ProgramName,
  { name = program, args, home, script, prefix = [], env }: ProgramOptions,
): Promise<Process> {
  const { tasks } = JSON.parse(await Deno.readTextFile(pathOf("deno.json")));
  const task = taskCommand(tasks, { task: PROGRAM_TASKS[program], home });
  const words = [...task.args];
  if (script !== undefined) words[words.length - 1] = pathOf(script);
  const [command, ...rest] = [...prefix, Deno.execPath(), ...words, ...args];
  return new Process({
    name,
    command: command!,
    args: rest,
    cwd: home,
    env: { ...await environment(home), ...task.env, ...env },
  });
}
