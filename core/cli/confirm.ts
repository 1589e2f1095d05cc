import type { Io } from "./io.ts";
import { Prompt } from "./prompt.ts";

/**
 * Asks before something is destroyed, where a person is there to answer; a script has decided.
 *
 * @param force does not ask
 * @throws {Error} if the answer is not yes
 */
export async function confirm(
  io: Io,
  { question, force }: { question: string; force: boolean },
): Promise<void> {
  if (force || !io.isTerminal.stdin || !io.isTerminal.stderr) return;
  using prompt = new Prompt(io);
  const answer = await prompt.ask({ text: `${question} [y/N] ` });
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error("Nothing was done: not confirmed");
}
