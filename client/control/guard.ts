import { createHash, timingSafeEqual } from "node:crypto";

/** Largest request head, in characters of names and values: a browser's is a tenth of it. */
const MAX_HEADER_CHARS = 16 * 1024;

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** Whether two secrets are the same, in a time that tells neither where nor in length they differ. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

/** The token of an `Authorization: Bearer` header, in any case; undefined if there is none. */
export function bearerToken(headers: Headers): string | undefined {
  return /^bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

/** Why a request is refused before its token is even looked at. */
export interface Refusal {
  /** HTTP status. */
  readonly status: 403 | 431;
  /** What is wrong. */
  readonly text: string;
}

/**
 * Refuses what a web page could have sent: a page that a browser was tricked into taking for this
 * server by its DNS has a foreign `Host`, and any other page a foreign `Origin`. Also heads larger
 * than any honest one.
 *
 * Spec: client.md 3 (Host and Origin), checklist 58
 */
export function refuseForeign(headers: Headers, port: number): Refusal | undefined {
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  let lenChars = 0;
  for (const [name, value] of headers) lenChars += name.length + value.length;
  if (lenChars > MAX_HEADER_CHARS) return { status: 431, text: "Request head is too large\n" };
  if (!own.includes(headers.get("host") ?? "")) {
    return { status: 403, text: "Host must be that of this control API\n" };
  }
  const origin = headers.get("origin");
  if (origin !== null && !own.some((host) => origin === `http://${host}`)) {
    return { status: 403, text: "Requests of other web pages are not answered\n" };
  }
  return undefined;
}
