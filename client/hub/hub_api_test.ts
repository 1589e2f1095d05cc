import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import { type Fetch, parseHubAddress } from "../../core/hub_api/mod.ts";
import { fetchHubStatus } from "./hub_api.ts";

const hub = parseHubAddress("ws://hub.example/base/");

function answering(response: () => Response): { fetch: Fetch; requests: Request[] } {
  const requests: Request[] = [];
  const fetch = (request: Request) => {
    requests.push(request);
    return Promise.resolve(response());
  };
  return { fetch, requests };
}

Deno.test("fetchHubStatus() sends the token as a bearer, and only where there is one", async () => {
  const { fetch, requests } = answering(() => Response.json({ machines: [], timestamp: "t" }));
  const clock = new ManualClock();
  const status = await fetchHubStatus(hub, { token: "s3cret", fetch, clock });
  assert.equal(status.timestamp, "t");
  await fetchHubStatus(hub, { token: "", fetch, clock });
  assert.deepEqual(
    requests.map(({ url }) => url),
    Array(2).fill("http://hub.example/base/api/status"),
  );
  assert.deepEqual(requests.map(({ headers }) => headers.get("authorization")), [
    "Bearer s3cret",
    null,
  ]);
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("fetchHubStatus() says what to do when it is refused, without the token (client 15)", async () => {
  const clock = new ManualClock();
  const refuse = answering(() => new Response('{"error":"auth_required"}', { status: 401 }));
  await assert.rejects(fetchHubStatus(hub, { token: "s3cret", fetch: refuse.fetch, clock }), {
    name: "ApiError",
    message: "Hub http://hub.example/base does not accept the token (HTTP 401): " +
      "check TELA_TOKEN or -token; it may be mistyped, expired or revoked",
  });
  await assert.rejects(fetchHubStatus(hub, { token: "", fetch: refuse.fetch, clock }), {
    message: "Hub http://hub.example/base needs a token (HTTP 401): set TELA_TOKEN or give -token",
  });
  const broken = answering(() => new Response("", { status: 502 }));
  await assert.rejects(fetchHubStatus(hub, { token: "", fetch: broken.fetch, clock }), {
    message: "Hub http://hub.example/base answered HTTP 502",
  });
});

Deno.test("fetchHubStatus() says so when something else answers", async () => {
  for (const body of ["<html>", "[]", ""]) {
    const { fetch } = answering(() => new Response(body));
    await assert.rejects(fetchHubStatus(hub, { token: "", fetch, clock: new ManualClock() }), {
      message: /^No hub at http:\/\/hub\.example\/base: its answer is not a JSON object/,
    });
  }
  for (const body of ["{}", '{"machines":3}']) {
    const { fetch } = answering(() => new Response(body));
    await assert.rejects(fetchHubStatus(hub, { token: "", fetch, clock: new ManualClock() }), {
      message: "No hub at http://hub.example/base: its answer is not a hub's status",
    });
  }
});

Deno.test("fetchHubStatus() gives up when no answer comes within 10 s", async () => {
  const clock = new ManualClock();
  const fetch: Fetch = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const asked = fetchHubStatus(hub, { token: "", fetch, clock });
  clock.advance(10_000);
  await assert.rejects(
    asked,
    /^ApiError: Cannot reach .*: no answer within 10 s; check the addr/,
  );
});

Deno.test("fetchHubStatus() gives the innermost reason when it cannot connect", async () => {
  const table: [string, string][] = [
    [
      "client error (Connect): tcp connect error: Connection refused (os error 111)",
      "connection refused",
    ],
    ["dns error: Name or service not known", "name or service not known"],
    ["", "no connection"],
  ];
  for (const [text, reason] of table) {
    const cause = new TypeError("fetch failed", { cause: new Error(text) });
    const fetch = () => Promise.reject(cause);
    await assert.rejects(fetchHubStatus(hub, { token: "", fetch, clock: new ManualClock() }), {
      message: `Cannot reach the hub at http://hub.example/base: ${reason}; ` +
        "check the address, that the hub is running, and the proxy if HTTPS_PROXY or HTTP_PROXY names one",
      cause,
    });
  }
});
