import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import { Access, Authenticator } from "../access/mod.ts";
import { noAudit } from "../audit/mod.ts";
import type { MetricsConfig, Role } from "../config/mod.ts";
import { metricsRoute } from "./metrics_route.ts";
import { Router } from "./router.ts";

const none = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };
const entry = (id: string, role: Role) => ({ ...none, id, token: `${id}-token`, role });

function authenticatorOf(access: Access): Authenticator {
  return new Authenticator({ access: () => access, clock: new ManualClock(), audit: noAudit });
}

function setUp(config: MetricsConfig, { isSecured = true } = {}) {
  const tokens = isSecured
    ? [entry("owner", "owner"), entry("admin", "admin"), entry("v", "viewer"), entry("u", "user")]
    : [];
  const access = new Access({ tokens, machines: new Map() });
  const authenticator = authenticatorOf(access);
  const route = metricsRoute({
    access: () => access,
    authenticator,
    config: () => config,
    families: () => [{ name: "up", help: "Up.", type: "gauge", samples: [{ value: 1 }] }],
  });
  const router = new Router([route], { onError: (error) => assert.fail(String(error)) });
  return async (token?: string, method = "GET") => {
    const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const request = new Request("http://hub/metrics", { method, headers });
    const response = await router.handle(request, { remoteAddress: "" });
    await response.body?.cancel();
    return response.status;
  };
}

Deno.test("/metrics is for owners, admins and whoever has its token", async () => {
  const ask = setUp({ open: false, token: "m-token" });
  for (const token of ["owner-token", "admin-token", "m-token"]) {
    assert.equal(await ask(token), 200, token);
  }
  for (const token of [undefined, "", "v-token", "u-token", "m-toke", "m-token2"]) {
    assert.equal(await ask(token), 401, token);
  }
  assert.equal(await ask("m-token", "HEAD"), 200);
  assert.equal(await ask("m-token", "POST"), 405);
});

Deno.test("/metrics cannot be opened by guessing: too many wrong tokens, and not even the right one is looked at", async () => {
  const ask = setUp({ open: false, token: "m-token" });
  const statuses: number[] = [];
  for (let i = 0; i < 1000; i++) statuses.push(await ask(`guess-${i}`));
  assert.deepEqual([statuses.filter((status) => status === 401).length, statuses.at(-1)], [
    20,
    429,
  ]);
  assert.equal(await ask("m-token"), 429);
  assert.equal(await ask("owner-token"), 429);
  assert.equal(await ask("a".repeat(64)), 401);
});

Deno.test("/metrics is closed without a token of its own, on an open hub too", async () => {
  for (const isSecured of [true, false]) {
    const ask = setUp({ open: false, token: "" }, { isSecured });
    for (const token of [undefined, "", "x"]) assert.equal(await ask(token), 401);
  }
});

Deno.test("/metrics is for everybody if it is configured so", async () => {
  const ask = setUp({ open: true, token: "" });
  for (const token of [undefined, "x"]) assert.equal(await ask(token), 200);
});

Deno.test("/metrics says how to ask, and answers in the text format", async () => {
  const access = new Access({ tokens: [], machines: new Map() });
  const route = (open: boolean) =>
    metricsRoute({
      access: () => access,
      authenticator: authenticatorOf(access),
      config: () => ({ open, token: "" }),
      families: () => [{ name: "up", help: "Up.", type: "gauge", samples: [{ value: 1 }] }],
    });
  const request = new Request("http://hub/metrics");
  const context = { params: {}, remoteAddress: "" };
  const refused = await route(false).handle(request, context);
  assert.equal(refused.headers.get("www-authenticate"), "Bearer");
  await refused.body?.cancel();
  const response = await route(true).handle(request, context);
  assert.equal(
    response.headers.get("content-type"),
    "text/plain; version=0.0.4; charset=utf-8",
  );
  assert.equal(await response.text(), "# HELP up Up.\n# TYPE up gauge\nup 1\n");
});
