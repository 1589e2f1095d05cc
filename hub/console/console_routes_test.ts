import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import type { Log } from "../../core/log/mod.ts";
import type { TokenEntry } from "../config/mod.ts";
import { Router } from "../http/mod.ts";
import { inTemporaryFolder } from "../testing/mod.ts";
import { consoleRoutes } from "./console_routes.ts";
import { PAGE_FILES } from "./page_files.ts";
import { CONTENT_SECURITY_POLICY } from "./respond.ts";

const VIEWER: TokenEntry = {
  id: "console-viewer",
  role: "viewer",
  token: "viewer-token",
  issuedAtMs: undefined,
  expiresAtMs: undefined,
  revokedAtMs: undefined,
};

const log: Log = Object.assign(() => {}, { for: () => log });

/** Asks a console for `GET /main.js` and the like. */
async function consoleOf(wwwDir = "") {
  const routes = await consoleRoutes({
    wwwDir,
    identities: () => [VIEWER],
    clock: new ManualClock(),
    log,
  });
  const router = new Router(routes, {
    onError: (error) => {
      throw error;
    },
  });
  return async (line: string, headers: Record<string, string> = {}) => {
    const [method, path] = line.split(" ") as [string, string];
    const request = new Request(`http://hub${path}`, { method, headers });
    const response = await router.handle(request, { remoteAddress: "192.0.2.7:1" });
    return { response, text: await response.text() };
  };
}

Deno.test("consoleRoutes() serves the page with what keeps it safe (hub 62)", async () => {
  const ask = await consoleOf();
  for (const path of ["/", "/index.html"]) {
    const { response, text } = await ask(`GET ${path}`);
    assert.equal(response.status, 200);
    assert.equal(text, PAGE_FILES["index.html"]);
    const { headers } = response;
    assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(headers.get("content-security-policy"), CONTENT_SECURITY_POLICY);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("cache-control"), "private, no-cache");
    assert.match(headers.get("set-cookie")!, /^tela_viewer=viewer-token;/);
    assert.doesNotMatch(text, /viewer-token/);
  }
});

Deno.test("consoleRoutes() serves every file of the page, with no cookie, and 304 when it is known", async () => {
  const ask = await consoleOf();
  for (const name of Object.keys(PAGE_FILES).filter((name) => name !== "index.html")) {
    const { response, text } = await ask(`GET /${name}`);
    assert.equal(text, PAGE_FILES[name]);
    assert.equal(response.headers.get("set-cookie"), null);
    assert.notEqual(response.headers.get("content-type"), "application/octet-stream", name);
    const etag = response.headers.get("etag")!;
    const again = await ask(`GET /${name}`, { "if-none-match": etag });
    assert.deepEqual([again.response.status, again.text], [304, ""]);
  }
});

Deno.test("the page has no inline script or style, and names no file that is not there", () => {
  const html = PAGE_FILES["index.html"]!;
  assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|javascript:/i);
  assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)/i);
  const references = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, name]) => name!);
  const imports = Object.values(PAGE_FILES).flatMap((text) =>
    [...text.matchAll(/from "\.\/([^"]+)"/g)].map(([, name]) => name!)
  );
  for (const name of [...references, ...imports]) assert.ok(Object.hasOwn(PAGE_FILES, name), name);
  assert.ok(references.length > 4 && imports.length > 20);
});

Deno.test("every script of the page is among its files", async () => {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(new URL("www/", import.meta.url))) {
    if (!name.endsWith("_test.ts")) names.push(name);
  }
  assert.deepEqual(names.sort(), Object.keys(PAGE_FILES).sort());
});

Deno.test("consoleRoutes() has nothing at other paths, and takes nothing (hub 64, 66)", async () => {
  const ask = await consoleOf();
  const elsewhere = ["/api/hubs", "/main", "/www/main.js", "/constructor", "/%2e%2e/mod.ts"];
  for (const path of [...elsewhere, "/channels/", "/channels/dev.json", "/channels/files/"]) {
    assert.equal((await ask(`GET ${path}`)).response.status, 404, path);
    assert.equal((await ask(`POST ${path}`)).response.status, 404, path);
  }
  const { response } = await ask("POST /");
  assert.deepEqual([response.status, response.headers.get("allow")], [405, "GET, HEAD"]);
  assert.equal((await ask("HEAD /")).response.status, 200);
});

Deno.test("consoleRoutes() leaves every path to WebSockets", async () => {
  const options = { wwwDir: "", identities: () => [], clock: new ManualClock(), log };
  const router = new Router(await consoleRoutes(options), { onError: () => {} });
  for (const path of ["/", "/index.html", "/anywhere/else"]) {
    assert.equal(router.claims(path), false);
  }
});

Deno.test("a folder of the operator stands in for the page, and for nothing outside of it", async () => {
  await inTemporaryFolder(async (dir) => {
    const www = `${dir}/www`;
    await Deno.mkdir(`${www}/portal`, { recursive: true });
    await Deno.writeTextFile(`${dir}/secret.txt`, "secret");
    await Deno.writeTextFile(`${www}/index.html`, "own page");
    await Deno.writeTextFile(`${www}/portal/index.html`, "portal");
    await Deno.writeTextFile(`${www}/.hidden`, "hidden");
    await Deno.writeTextFile(`${www}/a b.txt`, "0123456789");
    await Deno.symlink(`${dir}/secret.txt`, `${www}/link.txt`);
    await Deno.symlink(`${www}/a b.txt`, `${www}/inside.txt`);
    const ask = await consoleOf(www);

    const root = await ask("GET /");
    assert.equal(root.text, "own page");
    assert.match(root.response.headers.get("set-cookie")!, /^tela_viewer=/);
    assert.equal(root.response.headers.get("x-content-type-options"), "nosniff");
    assert.ok(root.response.headers.has("last-modified"));
    for (const path of ["/portal", "/portal/", "/portal/index.html"]) {
      const { response, text } = await ask(`GET ${path}`);
      assert.deepEqual([text, response.headers.get("set-cookie")], ["portal", null]);
    }
    assert.equal((await ask("GET /a%20b.txt")).text, "0123456789");
    assert.equal((await ask("GET /inside.txt")).text, "0123456789");
    const part = await ask("GET /a%20b.txt", { range: "bytes=2-4" });
    assert.deepEqual([part.response.status, part.text], [206, "234"]);
    assert.equal(part.response.headers.get("content-range"), "bytes 2-4/10");
    const beyond = await ask("GET /a%20b.txt", { range: "bytes=10-" });
    assert.equal(beyond.response.status, 416);
    const etag = root.response.headers.get("etag")!;
    assert.equal((await ask("GET /", { "if-none-match": etag })).response.status, 304);
    for (
      const path of [
        ...["/main.js", "/link.txt", "/.hidden", "/%2e%2e%2fsecret.txt", "/..%5csecret.txt"],
        ...["/index.html%00", "/index.html/x", "/nothing", "/C:%5cx"],
      ]
    ) {
      assert.equal((await ask(`GET ${path}`)).response.status, 404, path);
    }
    const { response } = await ask("POST /");
    assert.equal(response.status, 405);
  });
});

Deno.test("a folder of the operator that is none leaves the built-in page", async () => {
  await inTemporaryFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "");
    for (const wwwDir of [`${dir}/nothing`, `${dir}/file`]) {
      const ask = await consoleOf(wwwDir);
      assert.equal((await ask("GET /")).text, PAGE_FILES["index.html"]);
    }
  });
});

Deno.test("a long file of the operator comes whole, and is closed when its reader goes", async () => {
  await inTemporaryFolder(async (dir) => {
    const content = new Uint8Array(300_000).map((_, i) => i % 251);
    await Deno.writeFile(`${dir}/long.bin`, content);
    const routes = await consoleRoutes({
      ...{ wwwDir: dir, identities: () => [], log },
      clock: new ManualClock(),
    });
    const router = new Router(routes, { onError: () => {} });
    const ask = () =>
      router.handle(new Request("http://hub/long.bin"), { remoteAddress: "192.0.2.7:1" });
    const response = await ask();
    assert.equal(response.headers.get("content-length"), "300000");
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), content);
    const reader = (await ask()).body!.getReader();
    await reader.read();
    // The sanitizer would find a file that stays open.
    await reader.cancel();
  });
});
