import assert from "node:assert/strict";
import type { Role, TokenEntry } from "../config/mod.ts";
import { viewerCookie } from "./viewer_cookie.ts";

const NOW = 1000;

const entry = (id: string, role: Role, times: Partial<TokenEntry> = {}): TokenEntry => ({
  id,
  role,
  token: `token-of-${id}`,
  issuedAtMs: undefined,
  expiresAtMs: undefined,
  revokedAtMs: undefined,
  ...times,
});

const cookieFor = (identities: TokenEntry[], headers: Record<string, string> = {}) =>
  viewerCookie(new Request("http://hub/", { headers }), { identities, wallMs: NOW });

const viewer = entry("console-viewer", "viewer");

Deno.test("viewerCookie() is the console viewer's token, out of reach of scripts (hub 62)", () => {
  assert.equal(
    cookieFor([entry("owner", "owner"), viewer]),
    "tela_viewer=token-of-console-viewer; Path=/; HttpOnly; SameSite=Lax",
  );
});

Deno.test("viewerCookie() is never that of somebody else, nor of a viewer that is not valid (hub 63)", () => {
  const table: TokenEntry[][] = [
    [],
    [entry("owner", "owner"), entry("alice", "viewer")],
    [entry("console-viewer", "admin")],
    [entry("console-viewer", "owner")],
    [entry("console-viewer", "viewer", { revokedAtMs: 1 })],
    [entry("console-viewer", "viewer", { expiresAtMs: 999 })],
  ];
  for (const identities of table) {
    assert.equal(cookieFor(identities), undefined, JSON.stringify(identities));
  }
});

Deno.test("viewerCookie() takes back a cookie that is no good any more, and only then", () => {
  const had = { cookie: "a=1; tela_viewer=old" };
  const gone = "tela_viewer=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax";
  assert.equal(cookieFor([], had), gone);
  assert.equal(cookieFor([], { cookie: "not_tela_viewer=1" }), undefined);
  assert.match(cookieFor([viewer], had)!, /^tela_viewer=token-of-console-viewer;/);
});

Deno.test("viewerCookie() is for TLS alone where every proxy on the way says TLS", () => {
  const table: [string, boolean][] = [
    ["https", true],
    ["HTTPS", true],
    ["https, https", true],
    ["http", false],
    ["https, http", false],
    ["http,https", false],
    ["", false],
    ["httpsx", false],
  ];
  for (const [protocol, isSecure] of table) {
    const cookie = cookieFor([viewer], { "x-forwarded-proto": protocol })!;
    assert.equal(cookie.endsWith("; Secure"), isSecure, protocol);
  }
  assert.ok(!cookieFor([viewer])!.includes("Secure"));
});

Deno.test("viewerCookie() sets nothing for a token that would break the header", () => {
  for (const token of ["a;b", "a b", "a\r\nSet-Cookie: x=1", 'a"', ""]) {
    assert.equal(cookieFor([{ ...viewer, token }]), undefined, JSON.stringify(token));
  }
});
