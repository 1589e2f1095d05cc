/** Where a request carried its token, and the token. */
export interface RequestToken {
  /** The raw token; a secret. Undefined if there is none. */
  readonly token: string | undefined;
  /** `query` is deprecated: the address ends up in logs of proxies. */
  readonly from: "header" | "cookie" | "query" | "none";
}

/** Cookie that the console page is given. */
export const TOKEN_COOKIE = "tela_viewer";

function cookieOf(header: string | null, name: string): string | undefined {
  for (const pair of header?.split(";") ?? []) {
    const [key, ...value] = pair.trim().split("=");
    if (key === name) return value.join("=");
  }
  return undefined;
}

/**
 * The token of a request: of `Authorization: Bearer`, else of the cookie, else of the query. The
 * first that is present counts, even if it is empty or wrong.
 *
 * Spec: hub-api.md 2 (token extraction)
 */
export function tokenOf(request: Request): RequestToken {
  const authorization = request.headers.get("authorization") ?? "";
  if (authorization.startsWith("Bearer ")) return { token: authorization.slice(7), from: "header" };
  const cookie = cookieOf(request.headers.get("cookie"), TOKEN_COOKIE);
  if (cookie !== undefined) return { token: cookie, from: "cookie" };
  const query = new URL(request.url).searchParams.get("token");
  return query === null ? { token: undefined, from: "none" } : { token: query, from: "query" };
}
