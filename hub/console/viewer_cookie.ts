import type { TokenEntry } from "../config/mod.ts";
import { CONSOLE_VIEWER } from "../config/mod.ts";
import { consoleToken, TOKEN_COOKIE } from "../access/mod.ts";

/** Characters that need no quoting in a cookie. Spec: RFC 6265 §4.1.1 (cookie-octet) */
const COOKIE_VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/;

/** Whether a browser reached us by TLS, as the proxy in front says; every proxy on the way must. */
function isSecure(request: Request): boolean {
  const protocols = request.headers.get("x-forwarded-proto")?.split(",") ?? [];
  return protocols.length > 0 && protocols.every((word) => word.trim().toLowerCase() === "https");
}

/**
 * The `Set-Cookie` of the page: the token with which it may look, and nothing else, out of reach of
 * scripts. While there is no valid console viewer, a cookie of before is taken back; undefined if the
 * browser has none.
 *
 * `Secure` follows `X-Forwarded-Proto`, whoever says so: the answer is for that peer alone, which can
 * only keep its own cookie from itself.
 *
 * Spec: hub-api.md 1.7, 2 (console token selection)
 */
export function viewerCookie(
  request: Request,
  { identities, wallMs }: { identities: readonly TokenEntry[]; wallMs: number },
): string | undefined {
  const token = consoleToken(identities, { id: CONSOLE_VIEWER, wallMs });
  const attributes = `; Path=/; HttpOnly; SameSite=Lax${isSecure(request) ? "; Secure" : ""}`;
  if (token !== undefined && COOKIE_VALUE.test(token)) {
    return `${TOKEN_COOKIE}=${token}${attributes}`;
  }
  const cookies = request.headers.get("cookie") ?? "";
  const hasOne = cookies.split(";").some((pair) => pair.trim().startsWith(`${TOKEN_COOKIE}=`));
  return hasOne ? `${TOKEN_COOKIE}=; Max-Age=0${attributes}` : undefined;
}
