import assert from "node:assert/strict";
import { UsageError } from "../cli/mod.ts";
import { parseHubAddress } from "./hub_address.ts";

Deno.test("parseHubAddress() keeps ws and wss verbatim and derives the HTTP base", () => {
  const table: [string, string, string][] = [
    ["ws://127.0.0.1:8080", "ws://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["wss://hub.example.com", "wss://hub.example.com", "https://hub.example.com"],
    ["wss://hub.example.com//", "wss://hub.example.com//", "https://hub.example.com"],
    ["WSS://Hub.example.com/Tela/", "WSS://Hub.example.com/Tela/", "https://hub.example.com/Tela"],
    ["https://h:8443/x?y=1", "wss://h:8443/x?y=1", "https://h:8443/x"],
    ["HTTP://h", "ws://h", "http://h"],
    ["ws://[::1]:80/", "ws://[::1]:80/", "http://[::1]"],
  ];
  for (const [text, wsUrl, httpUrl] of table) {
    assert.deepEqual(parseHubAddress(text), { wsUrl, httpUrl }, text);
  }
});

Deno.test("parseHubAddress() says what to give when a name has no scheme", () => {
  assert.throws(() => parseHubAddress("owlsnest"), {
    name: "Error",
    message: 'Could not find hub "owlsnest": give its address, as wss://hub.example.com',
  });
  assert.throws(() => parseHubAddress("hub.lan:8080"), {
    message: 'Could not find hub "hub.lan:8080": give its address, as wss://hub.lan:8080',
  });
});

Deno.test("parseHubAddress() puts a scheme before an address without one when it is told to", () => {
  const at = (text: string) => parseHubAddress(text, { scheme: "wss" }).wsUrl;
  assert.equal(at("hub.example.com:8443"), "wss://hub.example.com:8443");
  assert.equal(at("ws://hub.lan"), "ws://hub.lan");
  assert.equal(at("https://hub.lan/x"), "wss://hub.lan/x");
  assert.throws(() => at("a b"), UsageError);
});

Deno.test("parseHubAddress() refuses other schemes, malformed addresses and secrets in them", () => {
  for (const text of ["ftp://h", "wss://", "ws://h:99999", "ws://a b"]) {
    assert.throws(() => parseHubAddress(text), UsageError, text);
  }
  const secret = assert.throws(() => parseHubAddress("wss://u:hunter2@h"), (error: Error) => {
    return error instanceof UsageError && !error.message.includes("hunter2");
  });
  assert.equal(secret, undefined);
});
