import assert from "node:assert/strict";
import { type RequestToken, tokenOf } from "./extract.ts";

const none: RequestToken = { token: undefined, from: "none" };

const CASES: [what: string, headers: Record<string, string>, query: string, RequestToken][] = [
  ["nothing", {}, "", none],
  ["a header", { authorization: "Bearer h" }, "", { token: "h", from: "header" }],
  ["header, cookie and query", { authorization: "Bearer h", cookie: "tela_viewer=c" }, "?token=q", {
    token: "h",
    from: "header",
  }],
  // HTTP strips the trailing blank, so that this is no bearer token at all.
  ["an empty bearer and a cookie", { authorization: "Bearer ", cookie: "tela_viewer=c" }, "", {
    token: "c",
    from: "cookie",
  }],
  ["a lower-case scheme", { authorization: "bearer h" }, "", none],
  [
    "another scheme and a cookie",
    { authorization: "Basic h", cookie: "a=b; tela_viewer=c=d" },
    "",
    {
      token: "c=d",
      from: "cookie",
    },
  ],
  ["an empty cookie and a query", { cookie: "tela_viewer=" }, "?token=q", {
    token: "",
    from: "cookie",
  }],
  ["another cookie and a query", { cookie: "xtela_viewer=c" }, "?token=q", {
    token: "q",
    from: "query",
  }],
];

for (const [what, headers, query, expected] of CASES) {
  Deno.test(`tokenOf() of ${what} is ${expected.token} from ${expected.from} (hub 10)`, () => {
    assert.deepEqual(tokenOf(new Request(`http://hub/api/status${query}`, { headers })), expected);
  });
}
