import assert from "node:assert/strict";
import { acceptKey, answerUpgrade, readUpgradeResponse, upgradeRequest } from "./handshake.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const UPGRADE = {
  upgrade: "websocket",
  connection: "keep-alive, Upgrade",
  "sec-websocket-key": KEY,
  "sec-websocket-version": "13",
};

Deno.test("acceptKey() gives the value of RFC 6455 §1.3", () => {
  assert.equal(acceptKey(KEY), ACCEPT);
});

Deno.test("answerUpgrade() accepts with neither subprotocol nor extension (wire 1)", () => {
  const answer = answerUpgrade("GET", {
    ...UPGRADE,
    "sec-websocket-protocol": "chat",
    "sec-websocket-extensions": "permessage-deflate",
  });
  assert.equal(answer.accepted, true);
  assert.equal(
    answer.response,
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
  );
});

const REFUSED: [name: string, method: string, change: object, status: string][] = [
  ["another method", "POST", {}, "400"],
  ["no upgrade to websocket", "GET", { upgrade: "h2c" }, "400"],
  ["an old version", "GET", { "sec-websocket-version": "8" }, "426"],
  ["a missing key", "GET", { "sec-websocket-key": undefined }, "400"],
  ["a short key", "GET", { "sec-websocket-key": "c2hvcnQ=" }, "400"],
];

for (const [name, method, change, status] of REFUSED) {
  Deno.test(`answerUpgrade() refuses ${name} with ${status}`, () => {
    const answer = answerUpgrade(method, { ...UPGRADE, ...change });
    assert.equal(answer.accepted, false);
    assert.ok(answer.response.startsWith(`HTTP/1.1 ${status} `), answer.response);
  });
}

Deno.test("upgradeRequest() asks for the path as configured, with no Origin", () => {
  assert.equal(
    upgradeRequest(new URL("wss://hub.example:8443/a/b?c=d"), KEY),
    "GET /a/b?c=d HTTP/1.1\r\nHost: hub.example:8443\r\nUpgrade: websocket\r\n" +
      `Connection: Upgrade\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
});

const HEAD = [
  "HTTP/1.1 101 Switching Protocols",
  "upgrade: WebSocket",
  "Connection: Upgrade",
  `Sec-WebSocket-Accept: ${ACCEPT}`,
];

const RESPONSES: [name: string, head: string[], state: string][] = [
  ["the expected answer", HEAD, "open"],
  ["another status", ["HTTP/1.1 403 Forbidden"], "refused"],
  ["a status without text", ["HTTP/1.1 502"], "refused"],
  ["another protocol", ["SSH-2.0-OpenSSH_9.2"], "not-websocket"],
  ["nothing", [""], "not-websocket"],
  ["no Upgrade header", [HEAD[0]!, HEAD[2]!, HEAD[3]!], "not-websocket"],
  ["another accept value", [...HEAD.slice(0, 3), `Sec-WebSocket-Accept: ${KEY}`], "not-websocket"],
  ["an extension", [...HEAD, "Sec-WebSocket-Extensions: permessage-deflate"], "not-websocket"],
];

for (const [name, head, state] of RESPONSES) {
  Deno.test(`readUpgradeResponse() takes ${name} for ${state}`, () => {
    assert.equal(readUpgradeResponse(head.join("\r\n"), KEY).state, state);
  });
}
