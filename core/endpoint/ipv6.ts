const GROUPS = 8;

/** Value of one to four hexadecimal digits, or `undefined`. */
function group(text: string): number | undefined {
  return /^[0-9a-f]{1,4}$/i.test(text) ? parseInt(text, 16) : undefined;
}

function groups(text: string): number[] | undefined {
  if (text === "") return [];
  const values: number[] = [];
  for (const part of text.split(":")) {
    const value = group(part);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

/**
 * The 16 bytes of an IPv6 address written as RFC 4291 §2.2 forms 1 and 2, or `undefined` if the text
 * is anything else. Neither a zone (`%eth0`) nor a dotted tail is taken.
 */
export function parseIpv6(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length > 39) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0]!);
  const tail = groups(halves[1] ?? "");
  if (head === undefined || tail === undefined) return undefined;
  const missing = GROUPS - head.length - tail.length;
  // "::" stands for at least one group; without it none may be missing.
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return Uint8Array.from(all.flatMap((value) => [value >> 8, value & 255]));
}

/** The address as RFC 5952 wants it: lower case, the first longest run of zeros as `::`. */
export function formatIpv6(bytes: Uint8Array): string {
  const values = Array.from({ length: GROUPS }, (_, i) => bytes[2 * i]! * 256 + bytes[2 * i + 1]!);
  let runAt = 0;
  let runLength = 1;
  for (let at = 0; at < GROUPS; at++) {
    let length = 0;
    while (values[at + length] === 0) length++;
    if (length > runLength) [runAt, runLength] = [at, length];
  }
  const hex = (from: number, to?: number) =>
    values.slice(from, to).map((value) => value.toString(16)).join(":");
  return runLength < 2 ? hex(0) : `${hex(0, runAt)}::${hex(runAt + runLength)}`;
}
