/**
 * `deno task ok`: everything a change must pass before it is committed. `--without-tests` leaves
 * the tests out, for a caller that runs them itself.
 *
 * @module
 */

import { frontDoors, walk } from "../tree/tree.ts";

const ROOT = new URL("../../", import.meta.url);

/** One gate: a name, and a command line of Deno that must succeed. */
interface Gate {
  name: string;
  args: string[];
}

/** Scripts of pages: they know other globals than Deno's, and carry their types in comments. */
async function browserCheck(): Promise<string[]> {
  const scripts = (await walk()).filter((path) => path.endsWith(".js"));
  return ["check", "--config", "tests/gates/browser.json", ...scripts];
}

async function gates(withTests: boolean): Promise<Gate[]> {
  const all: Gate[] = [
    { name: "format", args: ["fmt", "--check"] },
    { name: "lint", args: ["lint"] },
    { name: "types", args: ["check"] },
    { name: "types of what runs in browsers", args: await browserCheck() },
    { name: "documentation", args: ["doc", "--lint", ...await frontDoors()] },
    { name: "benchmarks compile", args: ["bench", "--no-run", "--permit-no-files"] },
  ];
  return withTests ? [...all, { name: "tests", args: ["task", "test"] }] : all;
}

/** Runs a program in the root of the tree; its output goes where ours goes, unless it is wanted. */
async function execute(
  command: string,
  { args, stdout = "inherit" }: { args: string[]; stdout?: "inherit" | "piped" },
): Promise<{ success: boolean; text: string }> {
  const options = { args, cwd: ROOT, stdin: "null", stdout, stderr: "inherit" } as const;
  const output = await new Deno.Command(command, options).output();
  const text = stdout === "piped" ? new TextDecoder().decode(output.stdout) : "";
  return { success: output.success, text };
}

/** Changes against the last commit and unknown files; undefined outside a checkout of git. */
async function treeState(): Promise<string | undefined> {
  // The checkout may belong to another user than root, as in a container.
  const git = (...args: string[]) =>
    execute("git", { args: ["-c", "safe.directory=*", ...args], stdout: "piped" });
  try {
    const parts = await Promise.all([git("diff", "HEAD"), git("status", "--porcelain")]);
    return parts.every(({ success }) => success) ? parts.map(({ text }) => text).join() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Runs every gate, even after one has failed; returns the exit code. */
async function main(args: string[]): Promise<number> {
  const failed: string[] = [];
  const before = await treeState();
  for (const { name, args: command } of await gates(!args.includes("--without-tests"))) {
    say(`\n== ${name}`);
    const { success } = await execute(Deno.execPath(), { args: command });
    if (!success) failed.push(name);
  }
  if (before === undefined) say("\nNot a checkout of git: whether the tree changed is not known");
  else if (await treeState() !== before) failed.push("tree unchanged");
  say(failed.length === 0 ? "\nAll gates passed" : `\nError: failed gates: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

Deno.exit(await main(Deno.args));
