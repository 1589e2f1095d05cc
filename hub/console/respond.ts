import { encodeHex } from "../../core/bytes/mod.ts";

/** Type of a file by its ending. Spec: hub-api.md 1.7 */
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  gif: "image/gif",
  html: "text/html; charset=utf-8",
  ico: "image/x-icon",
  jpg: "image/jpeg",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  map: "application/json",
  mjs: "text/javascript; charset=utf-8",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  wasm: "application/wasm",
  webp: "image/webp",
  woff2: "font/woff2",
};

/**
 * What the built-in page may do: run its own scripts and styles, and talk to this hub. No inline
 * script, no `eval`, no frame around it, no form that leaves.
 */
export const CONTENT_SECURITY_POLICY: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join("; ");

/** What is known of a file besides its content. */
export interface FileFacts {
  /** Its name, for its type. */
  readonly name: string;
  /** Quoted. */
  readonly etag: string;
  /** Milliseconds since 1970; absent of a built-in file. */
  readonly modifiedMs?: number;
}

/** Type of a file. */
export function contentType(name: string): string {
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return (Object.hasOwn(TYPES, ending) ? TYPES[ending] : undefined) ?? "application/octet-stream";
}

/** Tag of a content. */
export async function etagOf(content: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return `"${encodeHex(digest.subarray(0, 12))}"`;
}

/** Headers of any answer with this file. A browser asks every time, and mostly hears 304. */
export function fileHeaders({ name, etag, modifiedMs }: FileFacts): Headers {
  const headers = new Headers({
    "content-type": contentType(name),
    "cache-control": "private, no-cache",
    etag,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  });
  if (modifiedMs !== undefined) headers.set("last-modified", new Date(modifiedMs).toUTCString());
  return headers;
}

/** Whether the peer has this very content. Spec: RFC 9110 §13.1.2, §13.1.3 */
export function isUnchanged(request: Request, { etag, modifiedMs }: FileFacts): boolean {
  const tags = request.headers.get("if-none-match");
  if (tags !== null) {
    return tags.split(",").some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")));
  }
  const since = Date.parse(request.headers.get("if-modified-since") ?? "");
  return modifiedMs !== undefined && Math.floor(modifiedMs / 1000) * 1000 <= since;
}

/** A part of a file, in bytes. */
export interface Range {
  /** The first byte. */
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
}

/**
 * The one range that a request asks for: undefined for all of the file, also if it asks for several or
 * in another unit; "none" if there is nothing there. Spec: RFC 9110 §14.2
 */
export function rangeOf(
  request: Request,
  { sizeBytes, etag }: { sizeBytes: number; etag: string },
): Range | "none" | undefined {
  const [, first = "", last = ""] =
    /^bytes=(\d*)-(\d*)$/.exec(request.headers.get("range") ?? "") ??
      [];
  const condition = request.headers.get("if-range");
  if ((first === "" && last === "") || (condition !== null && condition !== etag)) return undefined;
  const start = first === "" ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === "" || last === "" ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  return start >= end ? "none" : { start, end };
}
