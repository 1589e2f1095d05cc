import assert from "node:assert/strict";
import { headEnd, mayBeRequest, webSocketRequest } from "./request_head.ts";

const UPGRADE = ["GET /ws?x=1 HTTP/1.1", "Host: hub:8080", "Upgrade: WebSocket"];

Deno.test("webSocketRequest() reads an upgrade request", () => {
  const lines = [...UPGRADE, "connection:keep-alive", "Connection:\tUpgrade ", "X-Empty:"];
  const request = webSocketRequest(lines.join("\r\n"))!;
  assert.equal(request.method, "GET");
  assert.equal(request.target, "/ws?x=1");
  assert.deepEqual({ ...request.headers }, {
    "host": "hub:8080",
    "upgrade": "WebSocket",
    "connection": "keep-alive, Upgrade",
    "x-empty": "",
  });
});

const OTHERS: [what: string, lines: string[]][] = [
  ["a plain request", ["GET / HTTP/1.1", "Host: hub"]],
  ["another upgrade", ["GET / HTTP/1.1", "Host: hub", "Upgrade: h2c"]],
  ["no host", ["GET / HTTP/1.1", "Upgrade: websocket"]],
  ["HTTP/1.0", ["GET / HTTP/1.0", ...UPGRADE.slice(1)]],
  ["a space in the target", ["GET /a b HTTP/1.1", ...UPGRADE.slice(1)]],
  ["a folded header", [...UPGRADE, "X: a", " b"]],
  ["a space before the colon", [...UPGRADE, "X : a"]],
  ["a line feed alone", [...UPGRADE, "X: a\nY: b"]],
  ["nothing", [""]],
];

for (const [what, lines] of OTHERS) {
  Deno.test(`webSocketRequest() leaves ${what} to HTTP`, () => {
    assert.equal(webSocketRequest(lines.join("\r\n")), undefined);
  });
}

Deno.test("webSocketRequest() keeps a header named as a property of objects", () => {
  const head = webSocketRequest([...UPGRADE, "__proto__: x", "constructor: y"].join("\r\n"))!;
  assert.equal(head.headers["constructor"], "y");
  assert.equal(head.headers["toString"], undefined);
});

Deno.test("headEnd() finds the empty line wherever it ends, and nothing before", () => {
  const bytes = new TextEncoder().encode("GET / HTTP/1.1\r\nA: b\r\n\r\nrest");
  assert.equal(headEnd(bytes), bytes.length - 4);
  for (let length = 0; length < bytes.length - 4; length++) {
    assert.equal(headEnd(bytes.subarray(0, length)), -1);
  }
});

Deno.test("mayBeRequest() knows TLS at its first byte", () => {
  assert.equal(mayBeRequest(new Uint8Array([0x16, 3, 1])), false);
  assert.equal(mayBeRequest(new TextEncoder().encode("G")), true);
  assert.equal(mayBeRequest(new Uint8Array(0)), true);
});
