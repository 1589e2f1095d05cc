import assert from "node:assert/strict";
import { channelName, manifestBase } from "./channel.ts";

Deno.test("channelName() takes letters, digits and hyphens, in any case", () => {
  const table: [text: string, name: string | undefined][] = [
    ["stable", "stable"],
    [" Stable-2 ", "stable-2"],
    ["", undefined],
    ["a b", undefined],
    ["../x", undefined],
    ["bêta", undefined],
  ];
  for (const [text, name] of table) assert.equal(channelName(text), name, text);
});

Deno.test("manifestBase() takes away what is put behind it", () => {
  const table: [text: string, base: string | undefined][] = [
    ["https://releases.example.com", "https://releases.example.com"],
    [" https://releases.example.com/a// ", "https://releases.example.com/a"],
    ["HTTP://releases.example.com/a/stable.json", "HTTP://releases.example.com/a"],
    ["ftp://releases.example.com", undefined],
    ["releases.example.com", undefined],
    ["https://", undefined],
    ["", undefined],
  ];
  for (const [text, base] of table) assert.equal(manifestBase(text), base, text);
});
