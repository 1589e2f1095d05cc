import assert from "node:assert/strict";
import { ManualClock } from "../clock/mod.ts";
import { parseHubAddress } from "./hub_address.ts";
import { JsonApi } from "./json_api.ts";

Deno.test("JsonApi gives up an answer that stops on the way, however long it may take in all", async () => {
  const clock = new ManualClock();
  const sent = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  const fetch = ({ signal }: Request) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        signal.addEventListener("abort", () => controller.error(signal.reason));
        sent.resolve(controller);
      },
    });
    return Promise.resolve(new Response(body));
  };
  const hub = parseHubAddress("wss://hub.example");
  const api = new JsonApi({ hub, token: "", fetch, clock });
  const pieces: string[] = [];
  let came = Promise.withResolvers<void>();
  const answer = api.stream({ method: "GET", path: "/long" }, (text) => {
    pieces.push(text);
    came.resolve();
  });
  const controller = await sent.promise;
  for (const piece of ["a", "b", "c"]) {
    came = Promise.withResolvers();
    controller.enqueue(new TextEncoder().encode(piece));
    await came.promise;
    clock.advance(39_999);
  }
  clock.advance(1);
  await assert.rejects(answer, { name: "ApiError", message: /no answer within 40 s/ });
  assert.deepEqual(pieces, ["a", "b", "c"]);
});

const hub = parseHubAddress("wss://hub.example");

/** A body of `chunks` pieces of 64 KiB; tells how many were taken. */
function longBody(chunks: number) {
  let taken = 0;
  const piece = new Uint8Array(65_536).fill(0x78);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (taken++ === chunks) return controller.close();
      controller.enqueue(piece);
    },
  }, { highWaterMark: 0 });
  return { body, taken: () => taken };
}

function api(response: () => Response | Promise<Response>, signal?: AbortSignal): JsonApi {
  const clock = new ManualClock();
  return new JsonApi({ hub, token: "s3cret", fetch: async () => await response(), clock, signal });
}

Deno.test("JsonApi reads no more of a refusal than a line, and of an answer 64 MiB", async () => {
  const refusal = longBody(100);
  const refused = api(() => new Response(refusal.body, { status: 500 }));
  await assert.rejects(refused.request("GET", "/x"), { message: "HTTP 500: unknown error" });
  assert.equal(refusal.taken(), 1);
  const answer = longBody(2000);
  const answered = api(() => new Response(answer.body));
  await assert.rejects(answered.request("GET", "/x"), { message: /exceeds 64 MiB$/ });
  assert.equal(answer.taken(), 1025);
});

Deno.test("JsonApi follows no redirect, and says where the hub is", async () => {
  const headers = { location: "https://new.example/api/status" };
  const moved = api(() => new Response(null, { status: 301, headers }));
  await assert.rejects(moved.request("GET", "/api/status"), {
    message: "The hub at https://hub.example is elsewhere: give https://new.example in its place",
    status: 301,
  });
});

Deno.test("JsonApi gives up an answer that has not come as a whole in time", async () => {
  const clock = new ManualClock();
  const asked = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  const fetch = ({ signal }: Request) => {
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      signal.addEventListener("abort", () => controller.error(signal.reason));
      asked.resolve(controller);
    };
    return Promise.resolve(new Response(new ReadableStream({ start })));
  };
  const answer = new JsonApi({ hub, token: "", fetch, clock, timeoutMs: 10_000 })
    .request("GET", "/x");
  const controller = await asked.promise;
  clock.advance(9999);
  controller.enqueue(new TextEncoder().encode("{"));
  clock.advance(1);
  await assert.rejects(answer, { message: /no answer within 10 s/ });
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("JsonApi gives up when it is told to, and never says the token", async () => {
  const giveUp = AbortSignal.abort(new Error("interrupted"));
  const failing = api(() => Promise.reject(giveUp.reason), giveUp);
  await assert.rejects(failing.request("GET", "/x"), (error: Error) => {
    assert.match(error.message, /^Cannot reach the hub at https:\/\/hub\.example: interrupted/);
    return !error.message.includes("s3cret");
  });
});
