import { type AbsentOption, ScriptError, type SegmentSpec } from "./script.ts";

const FLAGS = "SFRPAU";
const ABSENT: readonly string[] = ["mss", "ws", "sackok", "ts"] satisfies AbsentOption[];

/** The words of one line, taken one by one. */
export class Words {
  /** Line of the script. */
  readonly line: number;
  readonly #words: string[];

  /** Splits `text` at its spaces. */
  constructor(line: number, text: string) {
    this.line = line;
    this.#words = text.trim().split(/\s+/).filter((word) => word !== "");
  }

  /** The next word without taking it, or undefined at the end. */
  get next(): string | undefined {
    return this.#words[0];
  }

  /** Takes the next word, which says `what`. */
  word(what: string): string {
    return this.#words.shift() ?? this.fail(`${what} is missing`);
  }

  /** Takes a whole number from `min` to `max`. */
  number(what: string, { min = 0, max = 2 ** 32 - 1 } = {}): number {
    const text = this.word(what);
    const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    return this.fail(`${what} "${text}" is not a whole number from ${min} to ${max}`);
  }

  /** Nothing may be left. */
  end(): void {
    if (this.#words.length > 0) this.fail(`"${this.next}" is not understood here`);
  }

  /** Rejects the line. */
  fail(message: string): never {
    throw new ScriptError(this.line, message);
  }
}

type Draft = { -readonly [K in keyof SegmentSpec]: SegmentSpec[K] };

/** Reads `[PEER:LOCAL] FLAGS SEQ[+LENGTH] [ACK] OPTIONS...` to the end of the line. */
export function parseSegment(words: Words, { expected }: { expected: boolean }): SegmentSpec {
  const ports = /^(\d+):(\d+)$/.exec(words.next ?? "");
  if (ports !== null) words.word("ports");
  const flags = words.word("flags");
  if (flags !== "-" && (flags === "" || [...flags].some((flag) => !FLAGS.includes(flag)))) {
    words.fail(`"${flags}" is not a set of flags out of ${FLAGS}, or - for none`);
  }
  const range = words.word("sequence number");
  const match = /^(-?\d+)(?:\+(\d+))?$/.exec(range);
  if (match === null) words.fail(`"${range}" is not a sequence number with a length`);
  const spec: Draft = {
    flags: flags === "-" ? "" : flags,
    seq: Number(match[1]),
    lengthBytes: Number(match[2] ?? 0),
    sack: [],
    absent: [],
  };
  if (ports !== null) spec.ports = [Number(ports[1]), Number(ports[2])];
  if (flags.includes("A")) {
    spec.ack = words.number("acknowledgement number", { min: -(2 ** 31), max: 2 ** 31 });
  }
  while (words.next !== undefined) {
    const taken = parseField(spec, words) ||
      (expected ? parseAbsence(spec, words) : parseDamage(spec, words));
    if (!taken) words.fail(`"${words.next}" is not understood here`);
  }
  return spec;
}

function parseField(spec: Draft, words: Words): boolean {
  switch (words.next) {
    case "win":
      words.word("win");
      spec.window = words.number("window", { max: 0xffff });
      return true;
    case "mss":
      words.word("mss");
      spec.mss = words.number("MSS", { max: 0xffff });
      return true;
    case "ws":
      words.word("ws");
      spec.windowScale = words.number("window scale", { max: 255 });
      return true;
    case "sackok":
      words.word("sackok");
      spec.sackPermitted = true;
      return true;
    case "sack":
      words.word("sack");
      spec.sack = parseBlocks(words);
      return true;
    case "ts":
      words.word("ts");
      spec.timestamps = [parseTimestamp(words), parseTimestamp(words)];
      return true;
    default:
      return false;
  }
}

function parseBlocks(words: Words): [number, number][] {
  const blocks: [number, number][] = [];
  for (;;) {
    const match = /^(-?\d+)-(-?\d+)$/.exec(words.next ?? "");
    if (match === null) break;
    words.word("SACK block");
    blocks.push([Number(match[1]), Number(match[2])]);
  }
  if (blocks.length < 1 || blocks.length > 4) {
    words.fail("sack needs one to four blocks LEFT-RIGHT");
  }
  return blocks;
}

function parseTimestamp(words: Words): number | undefined {
  if (words.next !== "*") return words.number("timestamp");
  words.word("timestamp");
  return undefined;
}

function parseAbsence(spec: Draft, words: Words): boolean {
  const name = words.next?.startsWith("no-") ? words.next.slice(3) : "";
  if (!ABSENT.includes(name)) return false;
  words.word("option");
  spec.absent = [...spec.absent, name as AbsentOption];
  return true;
}

function parseDamage(spec: Draft, words: Words): boolean {
  switch (words.next) {
    case "urg":
      words.word("urg");
      spec.urgent = words.number("urgent pointer", { max: 0xffff });
      return true;
    case "raw":
      words.word("raw");
      spec.rawOptions = parseRaw(words);
      return true;
    case "bad-checksum":
      words.word("bad-checksum");
      spec.badChecksum = true;
      return true;
    case "header-words":
      words.word("header-words");
      spec.headerWords = words.number("header length", { max: 15 });
      return true;
    case "cut":
      words.word("cut");
      spec.cutBytes = words.number("length");
      return true;
    case "foreign":
      words.word("foreign");
      spec.foreign = true;
      return true;
    default:
      return false;
  }
}

function parseRaw(words: Words): Uint8Array<ArrayBuffer> {
  const hex = words.word("option bytes");
  if (!/^([0-9a-f]{8}){1,10}$/.test(hex)) {
    words.fail(`raw "${hex}" is not hexadecimal of 4 to 40 bytes, a multiple of 4`);
  }
  return Uint8Array.from(hex.match(/../g)!, (digits) => parseInt(digits, 16));
}
