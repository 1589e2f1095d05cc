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
