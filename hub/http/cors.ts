/** Which cross-origin rules a route follows. Spec: hub-api.md 1.0 (CORS families) */
export type CorsFamily = "public" | "admin" | "none";

const PUBLIC_HEADERS: readonly [string, string][] = [
  ["access-control-allow-origin", "*"],
  ["access-control-allow-methods", "GET, POST, DELETE, OPTIONS"],
  ["access-control-allow-headers", "Content-Type, Authorization"],
];

const ADMIN_HEADERS: readonly [string, string][] = [
  ["access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS"],
  ["access-control-allow-headers", "Content-Type, Authorization, If-Match"],
  ["access-control-expose-headers", "ETag"],
  ["vary", "Origin"],
];

/** The headers that a family adds to every response, errors included. */
export function corsHeaders(
  family: CorsFamily,
  origin: string | null,
): readonly [string, string][] {
  if (family === "public") return PUBLIC_HEADERS;
  if (family === "none" || origin === null) return [];
  return [["access-control-allow-origin", origin], ...ADMIN_HEADERS];
}
