import { fileURLToPath } from "node:url";
import { ConfigError } from "../../core/config/mod.ts";

/** The root of the tree this program is part of. */
const ROOT = new URL("../../", import.meta.url);

/**
 * The words of a task that runs a program of this tree, for another folder to start it from: the
 * same permissions as users give it.
 *
 * @param deno path of the executable that stands for the first word
 * @throws ConfigError if the task has another form
 */
export function commandOfTask(
  task: string,
  { deno, root }: { readonly deno: string; readonly root: string },
): readonly string[] {
  const [first, run, ...rest] = task.split(/\s+/);
  const script = rest.pop() ?? "";
  if (first !== "deno" || run !== "run" || !script.endsWith("main.ts") || /["'$]/.test(task)) {
    throw new ConfigError(`Cannot read the task "${task}": expected deno run FLAGS main.ts`);
  }
  return [deno, run, ...rest, root + script];
}

/** The command that runs this program as it runs now: an executable of its own, or by Deno. */
export async function programCommand(): Promise<readonly string[]> {
  const deno = Deno.execPath();
  if (Deno.build.standalone) return [deno];
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  return commandOfTask(tasks.hub, { deno, root: fileURLToPath(ROOT) });
}
