import type { Command, Flag, Positional } from "./command.ts";

const WIDTH_CHARS = 80;
const INDENT = "  ";

/** Lines of at most `widthChars`, broken at blanks; a longer word stands alone. */
function wrap(text: string, widthChars: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    if (line !== "" && line.length + 1 + word.length > widthChars) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return line === "" ? lines : [...lines, line];
}

function paragraphs(text: string): string[] {
  const blocks = text.trim().split(/\n\s*\n/);
  return blocks.flatMap((block, i) => [...(i > 0 ? [""] : []), ...wrap(block, WIDTH_CHARS - 2)]);
}

/** Two columns, the second aligned and wrapped within its own width. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const leftChars = Math.max(...rows.map(([left]) => left.length)) + 2;
  const rightChars = Math.max(WIDTH_CHARS - INDENT.length - leftChars, 24);
  return rows.flatMap(([left, right]) =>
    wrap(right, rightChars).map((line, i) => (i === 0 ? left : "").padEnd(leftChars) + line)
  );
}

function placeholder(flag: Flag): string {
  return flag.type === "boolean" ? "" : ` <${flag.placeholder ?? flag.type}>`;
}

function flagRow([name, flag]: [string, Flag]): readonly [string, string] {
  const notes = [flag.summary];
  if (flag.default !== undefined) notes.push(`Default: ${flag.default}.`);
  if (flag.env !== undefined) notes.push(`Environment: ${flag.env}.`);
  return [`-${name}${placeholder(flag)}`, notes.join(" ")];
}

const POSITIONAL_USAGE: Record<Positional["kind"], (name: string) => string> = {
  required: (name) => `<${name}>`,
  optional: (name) => `[${name}]`,
  variadic: (name) => `[${name}]...`,
};

function usageOf(path: string, command: Command): readonly string[] {
  if (command.usage !== undefined) return command.usage;
  const lines: string[] = [];
  if (command.run !== undefined) {
    const words = command.positionals.map(({ name, kind }) => POSITIONAL_USAGE[kind](name));
    const flags = Object.keys(command.flags).length > 0 ? ["[flags]"] : [];
    lines.push([path, ...words, ...flags].join(" "));
  }
  if (command.commands.length > 0) lines.push(`${path} <command> [flags] [args]`);
  return lines;
}

function descriptionOf(command: Command): string[] {
  const text = command.description === undefined ? [] : paragraphs(command.description);
  if (command.commands.length === 0) return text;
  const list = columns(command.commands.map(({ name, summary }) => [name, summary]));
  return text.length === 0 ? list : [...text, "", ...list];
}

function section(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  return `\n${title}\n` + lines.map((line) => (INDENT + line).trimEnd() + "\n").join("");
}

/**
 * The help of a command: its summary, then USAGE, DESCRIPTION, FLAGS, EXAMPLES and SEE ALSO, those
 * that apply, in 80 columns. Sub-commands are listed at the end of DESCRIPTION.
 *
 * Spec: client.md 7 (help)
 *
 * @param path the words that lead to the command, the program's name first
 */
export function renderHelp(path: string, command: Command): string {
  const flags = Object.entries(command.flags).map(flagRow);
  return `${path} — ${command.summary}\n` +
    section("USAGE", usageOf(path, command)) +
    section("DESCRIPTION", descriptionOf(command)) +
    section("FLAGS", flags.length === 0 ? [] : columns(flags)) +
    section("EXAMPLES", command.examples ?? []) +
    section("SEE ALSO", wrap((command.seeAlso ?? []).join(", "), WIDTH_CHARS - 2));
}
