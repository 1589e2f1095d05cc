import { hash } from "node:crypto";

/** Spec: RFC 6455 §1.3 */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Value of `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`. Spec: RFC 6455 §4.2.2 */
export function acceptKey(key: string): string {
  return hash("sha1", key + ACCEPT_GUID, "base64");
}

/** Headers by lower-case name, as Node.js gives them. */
export type RequestHeaders = { readonly [name: string]: string | string[] | undefined };

/** Answer of a server to an upgrade request. */
export interface UpgradeAnswer {
  /** Whether the connection is now a WebSocket; if not, it is to be closed after the response. */
  accepted: boolean;
  /** The bytes of the HTTP response. */
  response: string;
}

function hasToken(header: string | string[] | undefined, token: string): boolean {
  return [header ?? ""].flat().join(",").split(",").some((part) =>
    part.trim().toLowerCase() === token
  );
}

/** An HTTP/1.1 refusal with a short text, which closes the connection. */
export function refuseUpgrade(status: string, text: string, headers: string[] = []): UpgradeAnswer {
  const lines = [
    `HTTP/1.1 ${status}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${text.length}`,
    ...headers,
  ];
  return { accepted: false, response: `${lines.join("\r\n")}\r\n\r\n${text}` };
}

/** Answers an upgrade request. No subprotocol or extension is ever chosen. Spec: RFC 6455 §4.2 */
export function answerUpgrade(method: string, headers: RequestHeaders): UpgradeAnswer {
  if (method !== "GET" || !hasToken(headers["upgrade"], "websocket")) {
    return refuseUpgrade("400 Bad Request", "Not a WebSocket upgrade\n");
  }
  if (headers["sec-websocket-version"] !== "13") {
    const version = ["Sec-WebSocket-Version: 13"];
    return refuseUpgrade("426 Upgrade Required", "WebSocket version must be 13\n", version);
  }
  const key = headers["sec-websocket-key"];
  if (typeof key !== "string" || !/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    return refuseUpgrade("400 Bad Request", "Sec-WebSocket-Key is missing or malformed\n");
  }
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptKey(key)}`,
  ];
  return { accepted: true, response: `${lines.join("\r\n")}\r\n\r\n` };
}

/** The request that opens a WebSocket. Spec: RFC 6455 §4.1 */
export function upgradeRequest(url: URL, key: string): string {
  return [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
  ].join("\r\n") + "\r\n\r\n";
}

/** What a server's answer to {@linkcode upgradeRequest} says. */
export type UpgradeResult =
  | { state: "open" }
  | { state: "refused"; status: number }
  | { state: "not-websocket"; reason: string };

/** Reads the head of a server's answer, up to the empty line. Spec: RFC 6455 §4.1 */
export function readUpgradeResponse(head: string, key: string): UpgradeResult {
  const [statusLine = "", ...lines] = head.split("\r\n");
  const status = /^HTTP\/1\.1 (\d{3})(?: |$)/.exec(statusLine)?.[1];
  if (status === undefined) return { state: "not-websocket", reason: "the answer is not HTTP/1.1" };
  if (status !== "101") return { state: "refused", status: Number(status) };
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  if (
    !hasToken(headers.get("upgrade"), "websocket") ||
    !hasToken(headers.get("connection"), "upgrade")
  ) {
    return { state: "not-websocket", reason: "the answer does not upgrade to websocket" };
  }
  if (headers.get("sec-websocket-accept") !== acceptKey(key)) {
    return { state: "not-websocket", reason: "Sec-WebSocket-Accept does not match" };
  }
  if (headers.has("sec-websocket-extensions") || headers.has("sec-websocket-protocol")) {
    return { state: "not-websocket", reason: "an extension or subprotocol was not asked for" };
  }
  return { state: "open" };
}
