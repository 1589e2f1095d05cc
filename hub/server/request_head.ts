/** Longest head of a request that is looked at for an upgrade; Node.js refuses longer ones itself. */
export const MAX_HEAD_BYTES = 16 * 1024;

/** The first line and headers of a request. */
export interface RequestHead {
  /** Method, upper case. */
  readonly method: string;
  /** Target as it stands in the request line. */
  readonly target: string;
  /** Headers by lower-case name; of those that came more than once the values joined by commas. */
  readonly headers: { readonly [name: string]: string | undefined };
}

const REQUEST_LINE = /^([A-Z]+) (\S+) HTTP\/1\.1$/;
const HEADER_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;

/**
 * Reads the head of a request to open a WebSocket; undefined if it is anything else, or malformed:
 * that is for an HTTP server to answer. Spec: RFC 9112 §3, §5; RFC 6455 §4.2.1
 *
 * @param text the head up to and without the empty line
 */
export function webSocketRequest(text: string): RequestHead | undefined {
  const [requestLine = "", ...lines] = text.split("\r\n");
  const [, method, target] = REQUEST_LINE.exec(requestLine) ?? [];
  if (method === undefined || target === undefined) return undefined;
  const headers: { [name: string]: string } = Object.create(null);
  for (const line of lines) {
    const [, name, value] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const key = name.toLowerCase();
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
  }
  const isWebSocket = headers["upgrade"]?.toLowerCase() === "websocket";
  return isWebSocket && headers["host"] !== undefined ? { method, target, headers } : undefined;
}

/** Offset behind the empty line that ends a head, or -1. */
export function headEnd(bytes: Uint8Array): number {
  for (let i = 3; i < bytes.length; i++) {
    if (bytes[i] === 10 && bytes[i - 1] === 13 && bytes[i - 2] === 10 && bytes[i - 3] === 13) {
      return i + 1;
    }
  }
  return -1;
}

/** Whether what has come so far may be the beginning of a request; TLS, for one, may not. */
export function mayBeRequest(bytes: Uint8Array): boolean {
  return bytes.length === 0 || (bytes[0]! >= 0x41 && bytes[0]! <= 0x5a);
}
