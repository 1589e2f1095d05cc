import assert from "node:assert/strict";
import { systemClock, systemRandom } from "../../core/clock/mod.ts";
import { Router } from "../http/mod.ts";
import { RawClient, UPGRADE_HEADERS } from "../testing/mod.ts";
import { SECURED, withHub } from "./_started_hub.ts";
import { HttpServer } from "./http_server.ts";

const OWNER = "Authorization: Bearer owner-token";

/** Writes a request by hand and gives the first line of the answer and its headers. */
async function send(
  port: number,
  head: readonly string[],
  body?: (client: RawClient) => Promise<void>,
): Promise<{ status: string; headers: string[] }> {
  const client = await RawClient.connect(port);
  await client.write([...head, "", ""].join("\r\n"));
  const [status] = await Promise.all([client.line(), body?.(client)]);
  const headers: string[] = [];
  for (let line = await client.line(); line !== ""; line = await client.line()) headers.push(line);
  client.close();
  return { status, headers };
}

const post = (path: string, ...headers: string[]) => [
  `POST ${path} HTTP/1.1`,
  "Host: hub",
  OWNER,
  ...headers,
];

Deno.test("a JSON body is taken whole or in chunks, whatever its type", () =>
  withHub(async ({ port }) => {
    const bodies = [
      { headers: ["Content-Length: 12"], text: '{"id":"bob"}' },
      { headers: ["Transfer-Encoding: chunked"], text: '7\r\n{"id":"\r\n6\r\neve2"}\r\n0\r\n\r\n' },
      { headers: ["Content-Type: text/plain", "Content-Length: 12"], text: '{"id":"ann"}' },
    ];
    for (const { headers, text } of bodies) {
      const request = post("/api/admin/tokens", ...headers);
      const { status } = await send(port, request, (client) => client.write(text));
      assert.equal(status, "HTTP/1.1 201 Created");
    }
  }, SECURED));

const HUNDRED_MB = 100 * 1024 * 1024;

/** Writes until all is written or the hub takes no more. */
async function flood(client: RawClient): Promise<void> {
  const chunk = new Uint8Array(1024 * 1024);
  try {
    for (let i = 0; i < 100; i++) await client.write(chunk);
  } catch (error) {
    if (
      !(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset)
    ) {
      throw error;
    }
  }
}

const FLOODED: [path: string, status: string][] = [
  ["/api/admin/tokens", "HTTP/1.1 413 Payload Too Large"],
  ["/api/pair", "HTTP/1.1 413 Payload Too Large"],
  ["/api/status", "HTTP/1.1 200 OK"],
  ["/api/nowhere", "HTTP/1.1 404 Not Found"],
];

Deno.test("a body of 100 MB is answered at once, and memory does not grow with it", () =>
  withHub(async ({ port }) => {
    const floodAll = async () => {
      for (const [path, expected] of FLOODED) {
        const request = post(path, `Content-Length: ${HUNDRED_MB}`);
        assert.equal((await send(port, request, flood)).status, expected);
      }
    };
    await floodAll();
    // What is kept makes every round grow; a collector that comes late does not.
    const grownBytes: number[] = [];
    do {
      const before = Deno.memoryUsage().rss;
      await floodAll();
      grownBytes.push(Deno.memoryUsage().rss - before);
    } while (grownBytes.at(-1)! > HUNDRED_MB / 4 && grownBytes.length < 10);
    assert.ok(grownBytes.at(-1)! <= HUNDRED_MB / 4, `${grownBytes} bytes more, each after 400 MB`);
  }, SECURED));

Deno.test("a body that breaks off harms nobody", () =>
  withHub(async ({ port }, lines) => {
    for (let i = 0; i < 20; i++) {
      const client = await RawClient.connect(port);
      const request = post("/api/admin/tokens", "Content-Length: 100");
      await client.write([...request, "", '{"id":'].join("\r\n"));
      client.close();
    }
    const { status } = await send(port, ["GET /api/status HTTP/1.1", "Host: hub", OWNER]);
    assert.equal(status, "HTTP/1.1 200 OK");
    assert.deepEqual(lines.filter((line) => line.includes("internal error")), []);
  }, SECURED));

const ODD: [what: string, head: string[], status: RegExp][] = [
  [
    "two lengths that differ",
    post("/api/admin/tokens", "Content-Length: 2", "Content-Length: 5"),
    /^HTTP\/1\.1 400 /,
  ],
  [
    "a length and chunks",
    post("/api/admin/tokens", "Content-Length: 2", "Transfer-Encoding: chunked"),
    /^HTTP\/1\.1 400 /,
  ],
  ["a negative length", post("/api/admin/tokens", "Content-Length: -1"), /^HTTP\/1\.1 400 /],
  ["a head of 20 KB", post("/", `X-Long: ${"x".repeat(20_000)}`), /^HTTP\/1\.1 4\d\d /],
  ["a line without a colon", post("/", "nonsense"), /^HTTP\/1\.1 400 /],
  ["dots", ["GET /api/../../etc/passwd HTTP/1.1", "Host: hub"], /^HTTP\/1\.1 301 /],
  ["encoded dots", ["GET /api/%2e%2e/%2e%2e/etc/passwd HTTP/1.1", "Host: hub"], /^HTTP\/1\.1 404 /],
  ["a zero byte", ["GET /api/admin/access/%00 HTTP/1.1", "Host: hub", OWNER], /^HTTP\/1\.1 404 /],
  [
    "a stray percent",
    ["GET /api/admin/access/%zz HTTP/1.1", "Host: hub", OWNER],
    /^HTTP\/1\.1 400 /,
  ],
];

for (const [what, head, status] of ODD) {
  Deno.test(`a request with ${what} gets a clean answer`, () =>
    withHub(async ({ port }) => assert.match((await send(port, head)).status, status), SECURED));
}

const INJECTING = "%0d%0aX-Evil:%201";

for (
  const path of [
    `/api/admin/agents/barn${INJECTING}`,
    `//x${INJECTING}`,
    `/api/admin/rotate/x${INJECTING}`,
    `/api/admin/agents?x=${INJECTING}`,
  ]
) {
  Deno.test(`no header can be put into the answer to ${path}`, () =>
    withHub(async ({ port }) => {
      const origin = "Origin: https://c.example";
      const { headers } = await send(port, [`POST ${path} HTTP/1.1`, "Host: hub", OWNER, origin]);
      assert.ok(headers.length > 0);
      assert.deepEqual(headers.filter((line) => /^x-evil/i.test(line)), []);
    }, SECURED));
}

Deno.test("an address in X-Forwarded-For is throttled by itself, its proxy is not", () =>
  withHub(async ({ port }) => {
    const ask = async (token: string, forwarded: string) => {
      const head = ["GET /api/status HTTP/1.1", "Host: hub", `Authorization: Bearer ${token}`];
      return (await send(port, [...head, `X-Forwarded-For: ${forwarded}`])).status.slice(9, 12);
    };
    for (let i = 0; i < 20; i++) assert.equal(await ask("wrong", "9.9.9.9, 192.0.2.66"), "401");
    assert.equal(await ask("owner-token", "192.0.2.66"), "429");
    assert.equal(await ask("owner-token", "192.0.2.66, 192.0.2.7"), "200");
    const dialled = async (forwarded: string) => {
      const client = await RawClient.connect(port);
      await client.request("/", [...UPGRADE_HEADERS, `X-Forwarded-For: ${forwarded}`]);
      await client.send(0x81, { type: "connect", machineId: "barn", token: "owner-token" });
      const { message } = await client.nextMessage();
      client.close();
      return message;
    };
    assert.match(await dialled("192.0.2.66") as string, /^Too many attempts/);
    assert.equal(await dialled("192.0.2.7"), "Machine not found");
  }, SECURED));

Deno.test("an answer that has no body by its status says nothing of a length, others do", async () => {
  const handle = (request: Request) => {
    const status = Number(new URL(request.url).search.slice(1));
    return new Response(null, { status });
  };
  const server = new HttpServer({
    router: new Router([{ path: "/", cors: "none", handle }], { onError: () => {} }),
    switchboard: undefined as never,
    isSecured: () => false,
    clock: systemClock,
    random: systemRandom,
    repeats: undefined as never,
  });
  const port = server.listen(0, "127.0.0.1");
  for (const [status, isTold] of [[200, true], [204, false], [304, false], [404, true]] as const) {
    const { headers } = await send(port, [`GET /?${status} HTTP/1.1`, "Host: hub"]);
    const told = headers.filter((line) => /^(content-length|transfer-encoding):/i.test(line));
    assert.equal(told.length > 0, isTold, `${status}: ${told}`);
  }
  await server.stop();
});
