import type { Clock } from "../../core/clock/mod.ts";
import { isJsonObject } from "../../core/control/mod.ts";
import { problem } from "./respond.ts";

/** How long a body may take to arrive. */
const BODY_TIMEOUT_MS = 10_000;

/** A body's bytes, or what to answer instead. */
export type Body<T> =
  | { readonly value: T; readonly refusal?: undefined }
  | { readonly value?: undefined; readonly refusal: Response };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: unknown };

/** Limits of a body. */
export interface BodyLimits {
  /** Longest body taken. */
  readonly maxBytes: number;
  /** Times its arrival. */
  readonly clock: Clock;
  /** Whether no body, or null, stands for an empty object. Default: no. */
  readonly isOptional?: boolean;
}

function tooLarge(maxBytes: number): Body<never> {
  return { refusal: problem(`request body: at most ${maxBytes} bytes`, 413) };
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > maxBytes) return undefined;
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * Reads the body of a request: at most so many bytes are kept, however many come. Refused: 413, 408
 * if it takes more than 10 s, 400 if it breaks off.
 */
export async function readBody(
  request: Request,
  { maxBytes, clock }: BodyLimits,
): Promise<Body<Uint8Array>> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return tooLarge(maxBytes);
  if (request.body === null) return { value: new Uint8Array(0) };
  const reader = request.body.getReader();
  let isLate = false;
  const timer = clock.setTimer(() => {
    isLate = true;
    // Cancelling ends the read below; that it cannot be cancelled twice is of no interest.
    reader.cancel().catch(() => {});
  }, BODY_TIMEOUT_MS);
  try {
    const bytes = await readAll(reader, maxBytes);
    if (isLate) return { refusal: problem("request body: not received in time", 408) };
    return bytes === undefined ? tooLarge(maxBytes) : { value: bytes };
  } catch {
    // The peer has broken off, or what it sent was no body: in either case nothing is to be done.
    return { refusal: problem("request body: it ended before its end", 400) };
  } finally {
    timer.cancel();
    reader.releaseLock();
  }
}

/** Parses bytes that must be JSON in UTF-8; undefined if they are not. */
export function parseJson(bytes: Uint8Array): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch {
    return undefined;
  }
}

/**
 * Reads a body that must be a JSON object, whatever its content type. Refused as by
 * {@linkcode readBody}, and with 400.
 *
 * Spec: hub-api.md 1.0 (JSON bodies)
 */
export async function readJsonObject(
  request: Request,
  limits: BodyLimits,
): Promise<Body<JsonObject>> {
  const { value, refusal } = await readBody(request, limits);
  if (refusal !== undefined) return { refusal };
  const { isOptional = false } = limits;
  const json = isOptional && value.length === 0 ? null : parseJson(value)?.json;
  if (isOptional && json === null) return { value: {} };
  return isJsonObject(json)
    ? { value: json }
    : { refusal: problem("request body: expected a JSON object", 400) };
}
