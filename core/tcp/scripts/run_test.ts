import assert from "node:assert/strict";
import { parseScript } from "./parse.ts";
import { runScript } from "./run.ts";
import { ScriptError } from "./script.ts";

const OPENING = `
title a connection
0    listen
10   <  S 0 mss 1000
10   >  SA 0 1 mss 1000
20   <  A 1 1
20   state established
`;

const STACK_OPENING = `
title a stack
on stack
0    listen
10   <  S 0 mss 1000
10   >  SA 0 1
20   <  A 1 1
20   accept
`;

/** What the run of these lines after an opening says, or that it holds. */
async function outcome(lines: string, opening = OPENING): Promise<string> {
  try {
    await runScript(parseScript(opening + lines));
    return "holds";
  } catch (error) {
    assert.ok(error instanceof ScriptError, String(error));
    return error.message;
  }
}

Deno.test("runScript() accepts what the connection does", async () => {
  const lines = `
    30  write 1500
    30  >  A 1+1000 1
    30  >  AP 1001+500 1
    35  <  A 1+10 1501
    75  >  A 1501 11
    75  read 10
    75  silence`;
  assert.equal(await outcome(lines), "holds");
  assert.equal(await outcome(lines.replace("75  >", "40..90 >").replaceAll("75", "90")), "holds");
});

const FAILING: [name: string, lines: string, message: RegExp][] = [
  ["acknowledgement", "30 < A 1+10 1\n70 > A 1 12", /expected .* A 1 12, but at 70 came .* A 1 11/],
  [
    "sequence number",
    "30 write 5\n30 > A 2+5 1",
    /expected .* A 2\+5 1, but at 30 came .* A 1\+5 1/,
  ],
  ["length", "30 write 5\n30 > A 1+6 1", /expected .* A 1\+6 1, but/],
  ["flag", "30 write 5\n30 > FA 1+5 1", /expected .* FA 1\+5 1, but/],
  ["PSH", "30 write 1500\n30 > AP 1+1000 1", /expected .* AP 1\+1000 1, but/],
  ["window", "30 < FA 1 1\n30 > A 1 2 win 5", /expected .* win 5, but .* win \d+/],
  ["option", "30 < FA 1 1\n30 > A 1 2 sack 5-6", /expected .* sack 5-6, but/],
  ["port", "30 < FA 1 1\n30 > 7:80 A 1 2", /expected 7:80 A 1 2, but at 30 came 40000:80 A 1 2/],
  ["state", "30 state close-wait", /the state is established, expected close-wait/],
  ["failure", "30 state established reset", /the failure is undefined, expected reset/],
  ["readable bytes", "30 < A 1+10 1\n30 readable 11", /what can be read is 10, expected 11/],
  ["unacknowledged bytes", "30 unacked 3", /what is not acknowledged is 0, expected 3/],
  ["end of stream", "30 eof", /the end of the stream is false/],
  ["read", "30 < A 1+10 1\n30 read 11\n30 silence", /gave 10 bytes, expected 11/],
  ["byte", "30 < A 1+10 1 foreign\n30 read 10\n30 silence", /byte 0 is a foreign one/],
  ["write", "30 close-write\n30 > FA 1 1\n30 write 1\n30 silence", /took 0 bytes, expected 1/],
  ["missing segment", "30 > A 1 1", /expected .* A 1 1, but nothing was sent/],
  ["extra segment", "30 write 5\n30 silence", /before this, at 30 came .* AP 1\+5 1/],
  ["extra segment at the end", "30 write 1500\n30 > A 1+1000 1", /at 30 came .* AP 1001\+500 1/],
  ["extra segment of a timer", "30 < A 1+10 1\n99 state established", /at 70 came .* A 1 11/],
  ["time, too early", "30 write 5\n31 > A 1+5 1", /came at 30, not from 31 to 31/],
  ["time, too late", "30 < A 1+10 1\n50 > A 1 11", /nothing was sent/],
  ["span of time", "30 < A 1+10 1\n75..99 > A 1 11", /came at 70, not from 75 to 99/],
];

for (const [name, lines, message] of FAILING) {
  Deno.test(`runScript() fails on a wrong ${name}`, async () => {
    assert.match(await outcome(lines), message);
  });
}

const FAILING_ON_STACK: [name: string, lines: string, message: RegExp][] = [
  ["acknowledgement", "30 < FA 1 1\n30 > A 1 3", /expected .* A 1 3, but at 30 came .* A 1 2/],
  ["extra segment", "30 < FA 1 1\n30 silence", /before this, at 30 came .* A 1 2/],
  ["missing segment", "30 > A 1 1", /nothing was sent/],
  ["read", "30 read 1\n30 silence", /the call waits/],
  ["end of stream", "30 eof", /the call waits/],
  ["accept", "30 accept\n30 silence", /the call waits/],
  ["code", "30 fails reset", /failed with undefined, expected reset/],
];

for (const [name, lines, message] of FAILING_ON_STACK) {
  Deno.test(`runScript() on a stack fails on a wrong ${name}`, async () => {
    assert.match(await outcome(lines, STACK_OPENING), message);
  });
}

Deno.test("runScript() on a stack accepts what the stack does", async () => {
  const lines = `
    30  write 10
    30  >  A 1+10 1
    35  <  FA 1+10 11
    35  >  A 11 12
    35  read 10
    35  eof`;
  assert.equal(await outcome(lines, STACK_OPENING), "holds");
});

Deno.test("runScript() names the line that does not hold", async () => {
  const error = await outcome("30 silence\n30 state closed");
  assert.match(error, /^Line 9: /);
});

Deno.test("runScript() refuses options that do not exist or have no such value", async () => {
  const run = (option: string) => runScript(parseScript(`title t\noption ${option}\n0 silence`));
  await assert.rejects(run("speed 5"), /there is no option "speed"/);
  await assert.rejects(run("mtu fast"), /option mtu "fast" is not a whole number/);
});
