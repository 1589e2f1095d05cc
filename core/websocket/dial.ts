import type { Random } from "../bytes/mod.ts";
import type { Clock } from "../clock/mod.ts";
import { WebSocketConnection } from "./connection.ts";
import { readUpgradeResponse, upgradeRequest } from "./handshake.ts";
import { type ByteStream, connStream, withHead } from "../stream/mod.ts";

/** Why a WebSocket could not be opened. */
export type DialErrorCode =
  | "aborted"
  | "bad-url"
  | "not-websocket"
  | "refused"
  | "rejected"
  | "timed-out"
  | "tls"
  | "unknown-host"
  | "unreachable";

/** A WebSocket could not be opened. The message names the host, never a query or user. */
export class DialError extends Error {
  /** `DialError`. */
  override readonly name = "DialError";
  /** Kind of failure. */
  readonly code: DialErrorCode;

  /** Makes an error; the platform's own error goes into `options.cause`. */
  constructor(code: DialErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Options of {@linkcode dialWebSocket}. */
export interface DialOptions {
  /** `ws:` or `wss:` URL. */
  url: string;
  /** Times the attempt and the connection. */
  clock: Clock;
  /** Makes the handshake key and masking keys. */
  random: Random;
  /** Gives the attempt up. */
  signal?: AbortSignal;
  /** Time for the whole of connecting, TLS and handshake. Default 15 s. Spec: wire.md 1.1 */
  timeoutMs?: number;
}

const MAX_RESPONSE_HEAD_BYTES = 16 * 1024;

/** Parses a hub URL; the scheme may be in either case. */
function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "ws:" && url.protocol !== "wss:")) {
    throw new DialError("bad-url", "Cannot dial: the hub URL must begin with ws:// or wss://");
  }
  if (url.username !== "" || url.password !== "") {
    throw new DialError("bad-url", "Cannot dial: the hub URL must not contain a user or password");
  }
  return url;
}

function connect(url: URL): Promise<Deno.Conn> {
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (url.protocol === "ws:") return Deno.connect({ hostname, port: Number(url.port || 80) });
  const port = Number(url.port || 443);
  return Deno.connectTls({ hostname, port, alpnProtocols: ["http/1.1"] });
}

/** What to do about the commonest ways in which TLS fails, by the words of the platform. */
const TLS_FAULTS: readonly [RegExp, string][] = [
  [/InvalidContentType|InvalidMessage/, "what answers does not speak TLS; is it a ws:// address?"],
  [
    /UnknownIssuer|CaUsedAsEndEntity/,
    "its certificate is not trusted; name its authority in DENO_CERT",
  ],
  [/NotValidForName/, "its certificate is for another name"],
  [/Expired|NotValidYet/, "its certificate is out of date, or this machine's clock is wrong"],
];

function tlsFault(text: string): string {
  const known = TLS_FAULTS.find(([pattern]) => pattern.test(text));
  return known === undefined ? text : `${known[1]} (${text})`;
}

function dialError(url: URL, cause: unknown): DialError {
  if (cause instanceof DialError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const fail = (code: DialErrorCode, what: string) =>
    new DialError(code, `Cannot reach ${url.host}: ${what}`, { cause });
  if (cause instanceof Deno.errors.ConnectionRefused) return fail("refused", "connection refused");
  if (cause instanceof Deno.errors.TimedOut) return fail("timed-out", "no answer");
  if (/lookup|resolve|name or service|nodename/i.test(text)) {
    return fail("unknown-host", "the host name cannot be resolved");
  }
  if (cause instanceof Deno.errors.InvalidData || /certificate|tls|ssl/i.test(text)) {
    return fail("tls", `TLS failed: ${tlsFault(text)}`);
  }
  return fail("unreachable", text);
}

/** Reads up to the empty line behind a response head; a string is the reason why there is none. */
async function readHead(
  stream: ByteStream,
): Promise<{ head: string; rest: Uint8Array<ArrayBuffer> } | string> {
  let bytes = new Uint8Array(0);
  while (bytes.length <= MAX_RESPONSE_HEAD_BYTES) {
    const chunk = await stream.read();
    if (chunk === null) return "the connection closed before an answer";
    const joined = new Uint8Array(bytes.length + chunk.length);
    joined.set(bytes);
    joined.set(chunk, bytes.length);
    bytes = joined;
    const text = new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) return { head: text.slice(0, end), rest: bytes.subarray(end + 4) };
  }
  return `the head of the answer is longer than ${MAX_RESPONSE_HEAD_BYTES} bytes`;
}

async function handshake(stream: ByteStream, url: URL, random: Random): Promise<ByteStream> {
  const nonce = new Uint8Array(16);
  random(nonce);
  const key = btoa(String.fromCharCode(...nonce));
  await stream.write(new TextEncoder().encode(upgradeRequest(url, key)));
  const response = await readHead(stream);
  const fail = (code: DialErrorCode, what: string) =>
    new DialError(code, `Cannot open a WebSocket at ${url.host}: ${what}`);
  if (typeof response === "string") throw fail("not-websocket", response);
  const result = readUpgradeResponse(response.head, key);
  switch (result.state) {
    case "open":
      return withHead(stream, response.rest);
    case "refused":
      throw fail("rejected", `it answered HTTP ${result.status}`);
    case "not-websocket":
      throw fail("not-websocket", result.reason);
  }
}

/**
 * Opens a WebSocket as a client: no subprotocol, no extension, no Origin, nothing sent before the
 * server's 101.
 *
 * Spec: RFC 6455 §4.1, wire.md 1.1
 *
 * @throws {DialError} if it cannot be opened within the time; nothing stays open then
 */
export async function dialWebSocket(options: DialOptions): Promise<WebSocketConnection> {
  const { clock, random, signal, timeoutMs = 15_000 } = options;
  const url = parseUrl(options.url);
  const given = Promise.withResolvers<never>();
  const giveUp = (code: DialErrorCode, what: string) =>
    given.reject(new DialError(code, `Cannot reach ${url.host}: ${what}`));
  const onAbort = () => giveUp("aborted", "the attempt was aborted");
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = clock.setTimer(
    () => giveUp("timed-out", `no WebSocket within ${timeoutMs / 1000} s`),
    timeoutMs,
  );
  const connecting = connect(url);
  let stream: ByteStream | undefined;
  try {
    const conn = await Promise.race([connecting, given.promise]);
    if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
    stream = connStream(conn);
    const opened = await Promise.race([handshake(stream, url, random), given.promise]);
    return new WebSocketConnection({ stream: opened, role: "client", clock, random });
  } catch (error) {
    if (stream !== undefined) stream.close();
    // A connection that comes too late has no owner; one that fails too late has been reported.
    else connecting.then((conn) => conn.close(), () => {});
    throw dialError(url, error);
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", onAbort);
    given.promise.catch(() => {});
  }
}
