import assert from "node:assert/strict";
import { text } from "./respond.ts";
import { type Route, Router } from "./router.ts";

const breaks = () => {
  throw new Error("s3cret");
};

const ROUTES: Route[] = [
  { path: "/public", cors: "public", handle: () => text("p") },
  { path: "/get", cors: "public", methods: ["GET"], handle: () => text("g") },
  { path: "/admin/:id", cors: "admin", handle: (_, { params }) => text(`id=${params.id}`) },
  { path: "/plain", cors: "none", methods: ["GET", "HEAD"], handle: () => text("n") },
  { path: "/broken", cors: "public", handle: breaks },
  { path: "/api/broken", cors: "public", handle: breaks },
  { path: "/api/things/:id", cors: "admin", handle: () => text("t") },
];

const errors: unknown[] = [];
const router = new Router(ROUTES, { onError: (error) => errors.push(error) });

function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return router.handle(new Request(`http://hub${path}`, { method, headers }), {
    remoteAddress: "192.0.2.7:1",
  });
}

Deno.test("Router answers 404 in plain text for what it does not know (hub 64)", async () => {
  for (const path of ["/", "/api/hubs", "/publicx", "/public/", "/admin/a/b"]) {
    const response = await ask("GET", path);
    assert.equal(response.status, 404);
    assert.match(response.headers.get("content-type")!, /^text\/plain/);
    await response.body?.cancel();
  }
});

Deno.test("Router answers OPTIONS with 204 in a CORS family, and 405 outside", async () => {
  for (const path of ["/public", "/get", "/admin/x", "/broken"]) {
    const response = await ask("OPTIONS", path, { origin: "https://a.example" });
    assert.equal(response.status, 204);
    assert.equal(await response.text(), "");
    assert.ok(response.headers.has("access-control-allow-origin"));
  }
  const plain = await ask("OPTIONS", "/plain");
  assert.equal(plain.status, 405);
  assert.equal(plain.headers.get("allow"), "GET, HEAD");
  await plain.body?.cancel();
});

Deno.test("Router refuses other methods with 405, in the headers of the family", async () => {
  const response = await ask("POST", "/get");
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.equal(await response.text(), "405 method not allowed\n");
});

Deno.test("Router sends admin CORS headers to an Origin only, on errors too (hub 61)", async () => {
  const without = await ask("GET", "/admin/x");
  assert.equal(without.headers.get("access-control-allow-origin"), null);
  assert.equal(await without.text(), "id=x\n");
  const origin = "https://console.example";
  for (const path of ["/admin/x", "/admin/%ff"]) {
    const response = await ask("GET", path, { origin });
    assert.equal(response.headers.get("access-control-allow-origin"), origin);
    assert.equal(response.headers.get("access-control-expose-headers"), "ETag");
    assert.equal(response.headers.get("vary"), "Origin");
    assert.equal(response.headers.get("access-control-allow-credentials"), null);
    assert.equal(response.status, path.endsWith("x") ? 200 : 400);
    await response.body?.cancel();
  }
});

Deno.test("Router decodes what a pattern captures", async () => {
  assert.equal(await (await ask("GET", "/admin/a%20b%2Fc")).text(), "id=a b/c\n");
});

Deno.test("Router answers 500 without details when a handler throws", async () => {
  const response = await ask("GET", "/broken");
  assert.equal(response.status, 500);
  assert.equal(await response.text(), "500 internal error; the hub's log has more\n");
  assert.equal((errors.at(-1) as Error).message, "s3cret");
  const ofApi = await ask("GET", "/api/broken");
  assert.deepEqual(await ofApi.json(), { error: "internal error; the hub's log has more" });
});

Deno.test("Router answers 400 to a path that is not well-formed, below /api/ as JSON", async () => {
  const response = await ask("GET", "/admin/%ff");
  assert.equal(response.status, 400);
  assert.match(await response.text(), /^400 path is not well-formed/);
  const ofApi = await ask("GET", "/api/things/%ff");
  assert.equal(ofApi.status, 400);
  assert.deepEqual(await ofApi.json(), { error: "path is not well-formed percent-encoding" });
});

Deno.test("Router forbids caching everything", async () => {
  for (const path of ["/public", "/nowhere", "/broken"]) {
    const response = await ask("GET", path);
    assert.equal(response.headers.get("cache-control"), "no-store");
    await response.body?.cancel();
  }
});
