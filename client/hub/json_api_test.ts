import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
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
