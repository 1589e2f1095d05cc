import { parseSegment, Words } from "./parse_segment.ts";
import { type CallName, type Script, ScriptError, type ScriptEvent } from "./script.ts";

/** Which calls there are, and whether a number follows: `optional`, or the reason it must. */
const CALLS: ReadonlyMap<string, "none" | "number" | "optional"> = new Map(
  Object.entries(
    {
      "open": "none",
      "listen": "optional",
      "connect": "number",
      "accept": "none",
      "close-listener": "none",
      "write": "number",
      "write-with-syn": "number",
      "read": "number",
      "close": "none",
      "close-write": "none",
      "abort": "none",
      "set-mtu": "number",
      "path-changed": "none",
      "nagle": "number",
      "keep-alive": "number",
    } satisfies Record<CallName, "none" | "number" | "optional">,
  ),
);

/** Calls that need a whole stack, and those that only a bare connection has. */
const STACK_ONLY: readonly string[] = ["connect", "accept", "close-listener", "fails"];
const CONNECTION_ONLY: readonly string[] = ["open", "state", "unacked", "readable"];

/** Whether a line can fail on what this end does; a script must end with such a one. */
function proves(event: ScriptEvent): boolean {
  return event.kind === "call" ? event.name === "read" : event.kind !== "inject";
}

interface Draft {
  title: string | undefined;
  from: string | undefined;
  onStack: boolean;
  readonly options: Map<string, string>;
  readonly events: ScriptEvent[];
}

/**
 * Reads a script. `starts` are the scripts that `from NAME` may name: their events come first.
 *
 * @throws {ScriptError} with the line, if a word is unknown, time runs backwards, or nothing is proved
 */
export function parseScript(text: string, starts: ReadonlyMap<string, string> = new Map()): Script {
  const { title, from, onStack, options, events } = parseLines(text);
  if (title === undefined) throw new ScriptError(1, "a script needs a title");
  const last = events.at(-1);
  if (last === undefined || !proves(last)) {
    throw new ScriptError(last?.line ?? 1, "a script must end with something that it expects");
  }
  return { title, onStack, options, events: [...startEvents(from, starts), ...events] };
}

function startEvents(from: string | undefined, starts: ReadonlyMap<string, string>): ScriptEvent[] {
  if (from === undefined) return [];
  const text = starts.get(from);
  if (text === undefined) throw new ScriptError(1, `there is no start "${from}"`);
  const start = parseLines(text);
  return [...startEvents(start.from, starts), ...start.events];
}

function parseLines(text: string): Draft {
  const draft: Draft = {
    title: undefined,
    from: undefined,
    onStack: false,
    options: new Map(),
    events: [],
  };
  let nowMs = 0;
  for (const [index, raw] of text.split("\n").entries()) {
    const comment = raw.search(/(^|\s)#/);
    const content = raw.startsWith("title ") || comment < 0 ? raw : raw.slice(0, comment);
    const words = new Words(index + 1, content);
    if (words.next === undefined) continue;
    if (/^[+\d]/.test(words.next)) {
      const event = parseEvent(words, draft, nowMs);
      nowMs = event.untilMs;
      draft.events.push(event);
    } else if (draft.events.length > 0) {
      words.fail(`"${words.next}" must stand before the first event, which begins with a time`);
    } else parseHeader(draft, words, content);
  }
  return draft;
}

function parseHeader(draft: Draft, words: Words, content: string): void {
  const name = words.word("header");
  switch (name) {
    case "title":
      draft.title = content.slice("title ".length).trim();
      return;
    case "from":
      draft.from = words.word("start");
      break;
    case "on":
      if (words.word("on") !== "stack") words.fail('"on" knows nothing but "stack"');
      draft.onStack = true;
      break;
    case "option":
      draft.options.set(words.word("option"), words.word("value"));
      break;
    default:
      words.fail(`"${name}" is not understood here`);
  }
  words.end();
}

interface Time {
  fromMs: number;
  untilMs: number;
}

function parseTime(words: Words, nowMs: number): Time {
  const text = words.word("time");
  const match = /^(\+?)(\d+)(?:\.\.(\d+))?$/.exec(text);
  if (match === null) words.fail(`"${text}" is not a time in ms, as 40, +40 or 40..60`);
  const baseMs = match[1] === "+" ? nowMs : 0;
  const fromMs = baseMs + Number(match[2]);
  const untilMs = baseMs + Number(match[3] ?? match[2]);
  if (fromMs < nowMs || untilMs < fromMs) words.fail(`time ${text} runs backwards from ${nowMs}`);
  return { fromMs, untilMs };
}

function parseEvent(words: Words, { onStack }: Draft, nowMs: number): ScriptEvent {
  const { fromMs, untilMs } = parseTime(words, nowMs);
  const at = { line: words.line, fromMs, untilMs };
  const name = words.word("event");
  if (name === ">") {
    return { ...at, kind: "expect", segment: parseSegment(words, { expected: true }) };
  }
  if (fromMs !== untilMs) words.fail("only an expected segment may come within a span of time");
  if (onStack ? CONNECTION_ONLY.includes(name) : STACK_ONLY.includes(name)) {
    words.fail(`"${name}" needs a script that runs on ${onStack ? "a connection" : "stack"}`);
  }
  if (name === "<" || name === "<<") {
    const segment = parseSegment(words, { expected: false });
    return { ...at, kind: "inject", held: name === "<<", segment };
  }
  const event: ScriptEvent = { ...at, ...parseWordEvent(name, words) };
  words.end();
  return event;
}

/** Leaves the time out of each member of the union. */
type Untimed<T> = T extends unknown ? Omit<T, "line" | "fromMs" | "untilMs"> : never;

function parseWordEvent(name: string, words: Words): Untimed<ScriptEvent> {
  switch (name) {
    case "silence":
    case "eof":
      return { kind: name };
    case "state":
      return {
        kind: "state",
        state: words.word("state"),
        failure: words.next === undefined ? undefined : words.word("failure"),
      };
    case "readable":
    case "unacked":
      return { kind: name, amount: words.number("amount") };
    case "fails":
      return { kind: "fails", code: words.word("code") };
  }
  const rule = CALLS.get(name);
  if (rule === undefined) words.fail(`"${name}" is not understood here`);
  const wanted = rule === "number" || (rule === "optional" && words.next !== undefined);
  const amount = wanted ? words.number("amount") : undefined;
  return { kind: "call", name: name as CallName, amount };
}
