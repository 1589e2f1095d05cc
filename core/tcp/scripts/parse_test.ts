import assert from "node:assert/strict";
import { parseScript } from "./parse.ts";
import { ScriptError } from "./script.ts";

/** What is wrong with a script, or undefined. */
function complaint(text: string): string | undefined {
  try {
    parseScript(text);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ScriptError);
    return error.message;
  }
}

Deno.test("parseScript() reads every kind of line", () => {
  const { title, onStack, options, events } = parseScript(`
    # a comment
    title RFC 1: a title # kept whole
    option mtu 1500
    0      <<  SFRPAU 1+20 -3 win 7 mss 9 ws 14 sackok ts 1 2 sack 1-2 3-4 urg 5 # a comment
    +5     <   - 0 raw 01010101 bad-checksum header-words 15 cut 3 foreign
    10..20 >   40001:80 S -1 ts * 3 no-mss no-ws no-sackok
    20     write 100
    20     state closed reset
    20     silence
  `.replace(/^ {4}/gm, ""));
  assert.equal(title, "RFC 1: a title # kept whole");
  assert.equal(onStack, false);
  assert.deepEqual([...options], [["mtu", "1500"]]);
  assert.deepEqual(events.map(({ fromMs, untilMs }) => [fromMs, untilMs]), [
    [0, 0],
    [5, 5],
    [10, 20],
    [20, 20],
    [20, 20],
    [20, 20],
  ]);
  assert.deepEqual(events[0], {
    kind: "inject",
    line: 5,
    fromMs: 0,
    untilMs: 0,
    held: true,
    segment: {
      flags: "SFRPAU",
      seq: 1,
      lengthBytes: 20,
      ack: -3,
      window: 7,
      mss: 9,
      windowScale: 14,
      sackPermitted: true,
      timestamps: [1, 2],
      sack: [[1, 2], [3, 4]],
      absent: [],
      urgent: 5,
    },
  });
  assert.deepEqual(events[2], {
    kind: "expect",
    line: 7,
    fromMs: 10,
    untilMs: 20,
    segment: {
      ports: [40001, 80],
      flags: "S",
      seq: -1,
      lengthBytes: 0,
      sack: [],
      timestamps: [undefined, 3],
      absent: ["mss", "ws", "sackok"],
    },
  });
});

Deno.test("parseScript() puts the events of its starts first", () => {
  const starts = new Map([
    ["a", "title a\n0 listen"],
    ["b", "title b\nfrom a\n0 open"],
  ]);
  const { events } = parseScript("title c\nfrom b\n0 silence", starts);
  assert.deepEqual(events.map((event) => event.kind === "call" ? event.name : event.kind), [
    "listen",
    "open",
    "silence",
  ]);
});

const REFUSED: [text: string, message: RegExp][] = [
  ["0 silence", /Line 1: a script needs a title/],
  ["title t", /Line 1: a script must end with something that it expects/],
  ["title t\n0 write 5", /Line 2: a script must end with something that it expects/],
  ["title t\n0 < A 1 1", /Line 2: a script must end/],
  ["title t\nfrom nowhere\n0 silence", /there is no start "nowhere"/],
  ["title t\nbogus 3\n0 silence", /Line 2: "bogus" is not understood/],
  ["title t\non fire\n0 silence", /Line 2: "on" knows nothing but "stack"/],
  ["title t\n0 silence\noption mtu 1500", /Line 3: "option" must stand before the first event/],
  ["title t\n0 dance\n0 silence", /Line 2: "dance" is not understood/],
  ["title t\n0 silence now", /Line 2: "now" is not understood/],
  ["title t\n5 silence\n4 silence", /Line 3: time 4 runs backwards from 5/],
  ["title t\n5..4 > A 1 1", /Line 2: time 5..4 runs backwards/],
  ["title t\n5..8 > A 1 1\n7 silence", /Line 3: time 7 runs backwards from 8/],
  ["title t\n0..5 silence", /Line 2: only an expected segment may come within a span/],
  ["title t\n1.5 silence", /Line 2: "1.5" is not a time/],
  ["title t\n0 > X 1 1", /Line 2: "X" is not a set of flags/],
  ["title t\n0 > A 1", /Line 2: acknowledgement number is missing/],
  ["title t\n0 > A 1+ 1", /Line 2: "1\+" is not a sequence number/],
  ["title t\n0 > S 1 1", /Line 2: "1" is not understood here/],
  ["title t\n0 > A 1 1 win 65536", /Line 2: window "65536" is not a whole number from 0 to 65535/],
  ["title t\n0 > A 1 1 sack", /Line 2: sack needs one to four blocks/],
  ["title t\n0 > A 1 1 foreign", /Line 2: "foreign" is not understood/],
  ["title t\n0 > A 1 1 no-window", /Line 2: "no-window" is not understood/],
  ["title t\n0 < A 1 1 no-mss\n0 silence", /Line 2: "no-mss" is not understood/],
  ["title t\n0 < A 1 1 raw 0101\n0 silence", /Line 2: raw "0101" is not hexadecimal/],
  ["title t\n0 write\n0 silence", /Line 2: amount is missing/],
  ["title t\n0 write -4\n0 silence", /Line 2: amount "-4" is not a whole number/],
  ["title t\n0 accept\n0 silence", /Line 2: "accept" needs a script that runs on stack/],
  ["title t\non stack\n0 state closed", /Line 3: "state" needs a script that runs on a connection/],
];

for (const [text, message] of REFUSED) {
  Deno.test(`parseScript() refuses ${JSON.stringify(text)}`, () => {
    assert.match(complaint(text) ?? "accepted", message);
  });
}
