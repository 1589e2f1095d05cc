import assert from "node:assert/strict";
import { counted, hubAddresses, localTime, matchesWords, names, shellWord } from "./format.js";

Deno.test("localTime() gives the viewer's time, and nothing for what is no time", () => {
  const local = new Date(2026, 7, 1, 9, 5, 7);
  assert.equal(localTime(local.toISOString()), "2026-08-01 09:05:07");
  for (const none of [null, undefined, "", "yesterday"]) assert.equal(localTime(none), "");
});

Deno.test("counted() adds an s when there is not one", () => {
  const texts = [0, 1, 2].map((count) => counted(count, "machine"));
  assert.deepEqual(texts, ["0 machines", "1 machine", "2 machines"]);
});

Deno.test("shellWord() quotes what a shell would take apart, run or expand", () => {
  const table: [string, string][] = [
    ["barn", "barn"],
    ["wss://hub.example:8443/t", "wss://hub.example:8443/t"],
    ["my barn", "'my barn'"],
    ["$(reboot)", "'$(reboot)'"],
    ["*", "'*'"],
    ["", "''"],
    ["it's; rm -rf ~", "'it'\\''s; rm -rf ~'"],
  ];
  for (const [word, expected] of table) assert.equal(shellWord(word), expected);
});

Deno.test("hubAddresses() follows the address of the page, its protocol and its folder", () => {
  const table: [string, string, string][] = [
    ["http://hub:8080/", "http://hub:8080", "ws://hub:8080"],
    ["https://hub.example/", "https://hub.example", "wss://hub.example"],
    ["https://example.org/hub/", "https://example.org/hub", "wss://example.org/hub"],
    [
      "https://example.org/hub/index.html#audit",
      "https://example.org/hub",
      "wss://example.org/hub",
    ],
  ];
  for (const [page, http, ws] of table) assert.deepEqual(hubAddresses(new URL(page)), { http, ws });
});

Deno.test("matchesWords() wants every word, in any order and case", () => {
  assert.ok(matchesWords("barn\nssh :22", "SSH barn"));
  assert.ok(matchesWords("barn", ""));
  assert.ok(!matchesWords("barn\nssh :22", "barn rdp"));
});

Deno.test("names() takes each name once, without the space around it", () => {
  assert.deepEqual(names(" barn, store,,barn , my shed"), ["barn", "store", "my shed"]);
  assert.deepEqual(names(" , "), []);
});
