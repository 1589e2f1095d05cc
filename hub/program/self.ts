import { fileURLToPath } from "node:url";
import { ConfigError } from "../../core/config/mod.ts";

/** The root of the tree this program is part of. */
const ROOT = new URL("../../", import.meta.url);

/**
 * The words of a task that runs a program of this tree, for another folder to start it from: the
 * same permissions as users give it, and where there is `env` the same variables. A service manager of
 * Windows cannot set any: the program runs without them, it only serves many busy peers less evenly.
 *
 * @param deno path of the executable that stands for the word `deno`
 * @param env path of the program that sets variables and starts another; undefined if there is none
 * @throws ConfigError if the task has another form
 */
export function commandOfTask(
  task: string,
  { deno, root, env }: {
    readonly deno: string;
    readonly root: string;
    readonly env?: string | undefined;
  },
): readonly string[] {
  const words = task.split(/\s+/);
  const isVariable = (word: string) => /^[A-Z_]+=\d+$/.test(word);
  const [first, run, ...rest] = words.filter((word) => !isVariable(word));
  const script = rest.pop() ?? "";
  if (first !== "deno" || run !== "run" || !script.endsWith("main.ts") || /["'$]/.test(task)) {
    throw new ConfigError(`Cannot read the task "${task}": expected deno run FLAGS main.ts`);
  }
  const variables = env === undefined ? [] : words.filter(isVariable);
  const before = env === undefined || variables.length === 0 ? [] : [env, ...variables];
  return [...before, deno, run, ...rest, root + script];
}

/** The command that runs this program as it runs now: an executable of its own, or by Deno. */
export async function programCommand(): Promise<readonly string[]> {
  const deno = Deno.execPath();
  if (Deno.build.standalone) return [deno];
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const env = Deno.build.os === "windows" ? undefined : "/usr/bin/env";
  return commandOfTask(tasks.hub, { deno, root: fileURLToPath(ROOT), env });
}
