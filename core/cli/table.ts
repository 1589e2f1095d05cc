/** Replaces control characters, which could forge lines or drive a terminal, by spaces. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what must not get through
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ");
}

/** What {@linkcode formatTable} prints. */
export interface Table {
  /** Headings, printed as given: upper-case by convention. */
  headings: readonly string[];
  /** As many cells as headings in each row. Control characters in them become spaces. */
  rows: readonly (readonly string[])[];
  /** Headings of the columns that hold counts and are aligned right. Default: none. */
  right?: readonly string[];
}

function widthOf(text: string): number {
  return [...text].length;
}

function pad(text: string, widthChars: number, right: boolean): string {
  const blanks = " ".repeat(widthChars - widthOf(text));
  return right ? blanks + text : text + blanks;
}

/**
 * Columns two spaces apart, as wide as their widest cell; no line ends in blanks.
 *
 * Spec: client.md 1.0 (tables)
 */
export function formatTable({ headings, rows, right = [] }: Table): string {
  const lines = [headings, ...rows].map((row) => row.map(printable));
  const widths = headings.map((_, i) => Math.max(...lines.map((row) => widthOf(row[i]!))));
  return lines.map((row) => {
    const cells = row.map((cell, i) => pad(cell, widths[i]!, right.includes(headings[i]!)));
    return cells.join("  ").trimEnd() + "\n";
  }).join("");
}

/**
 * `value` as `-json` prints it: indented by two spaces, with a final line feed. Control characters
 * are escaped, also those that JSON would let through to the terminal.
 */
export function formatJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return text.replace(/[\x7f-\x9f]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`) + "\n";
}
