import { createHash } from "node:crypto";

/** A JSON response. */
export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json" },
  });
}

/** A plain text response of one line. */
export function text(body: string, status = 200): Response {
  return new Response(`${body}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  });
}

/** A JSON response that says what cannot be done. Spec: hub-api.md (error bodies) */
export function problem(error: string, status: number): Response {
  return json({ error }, status);
}

/** 429, and when to try again. */
export function tooMany(error: string, waitMs: number): Response {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const response = problem(`${error}; try again in ${seconds} s`, 429);
  response.headers.set("retry-after", `${seconds}`);
  return response;
}

/**
 * A JSON response for somebody who asks again and again: 304 if they have what matters of it already.
 * `tagged` is what matters of the body: all but what changes with the clock.
 */
export function polled(
  request: Request,
  { body, tagged }: { body: object; tagged: unknown },
): Response {
  const digest = createHash("sha256").update(JSON.stringify(tagged)).digest("hex");
  const etag = `W/"${digest.slice(0, 32)}"`;
  const isKnown = request.method === "GET" && request.headers.get("if-none-match") === etag;
  const response = isKnown ? new Response(null, { status: 304 }) : json(body);
  response.headers.set("etag", etag);
  return response;
}
