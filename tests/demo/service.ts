import { createHash } from "node:crypto";

/** What `GET /` answers. */
export const GREETING = "Hello from barn, through the tunnel.\n";

/** SHA-256 of a body in hexadecimal, taken while it streams. */
export async function sha256Of(body: ReadableStream<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of body) hash.update(chunk);
  return hash.digest("hex");
}

/**
 * The small HTTP service behind the agent: `GET /` greets, `GET /payload` sends `payload`, `PUT
 * /payload` answers with the SHA-256 of what it gets.
 */
export function demoService(payload: Uint8Array<ArrayBuffer>): Deno.ServeHandler {
  return async (request) => {
    const { pathname } = new URL(request.url);
    const body = request.body;
    if (request.method === "GET" && pathname === "/") return new Response(GREETING);
    if (request.method === "GET" && pathname === "/payload") return new Response(payload);
    if (request.method === "PUT" && pathname === "/payload" && body !== null) {
      return new Response(await sha256Of(body));
    }
    return new Response("Not here\n", { status: 404 });
  };
}
