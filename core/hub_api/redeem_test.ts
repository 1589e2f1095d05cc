import assert from "node:assert/strict";
import { UsageError } from "../cli/mod.ts";
import { ManualClock } from "../clock/mod.ts";
import { parseHubAddress } from "./hub_address.ts";
import { redeemCode } from "./redeem.ts";

const hub = parseHubAddress("wss://hub.example/base");
const PRINT = `SHA256:${"A".repeat(43)}`;

async function redeem(response: Response, asked: { code?: string; machine?: string } = {}) {
  const bodies: string[] = [];
  const fetch = async (request: Request) => {
    assert.equal(`${request.method} ${request.url}`, "POST https://hub.example/base/api/pair");
    bodies.push(await request.text());
    return response;
  };
  const clock = new ManualClock();
  const redeemed = await redeemCode({ hub, code: "3f9a-07c1 ", ...asked }, { fetch, clock });
  return { redeemed, body: bodies[0] };
}

Deno.test("redeemCode() sends the code in capitals, and the machine if it is named", async () => {
  const answer = { token: "ff00", identity: "barn-agent", type: "register" };
  const { redeemed, body } = await redeem(Response.json(answer), { machine: "barn" });
  assert.equal(body, '{"code":"3F9A-07C1","machineId":"barn"}');
  assert.deepEqual(redeemed, { token: "ff00", identity: "barn-agent" });
  const { body: bare } = await redeem(Response.json({ token: "ff00" }));
  assert.equal(bare, '{"code":"3F9A-07C1"}');
});

Deno.test("redeemCode() gives the agent that the code vouches for, if its fingerprint is one", async () => {
  const answer = { token: "ff00", machineId: "barn", fingerprint: PRINT };
  const { redeemed } = await redeem(Response.json(answer));
  assert.deepEqual(redeemed.agent, { machine: "barn", fingerprint: PRINT });
  const { redeemed: bad } = await redeem(Response.json({ ...answer, fingerprint: "x" }));
  assert.equal(bad.agent, undefined);
});

const REFUSALS: [what: string, response: () => Response, message: RegExp][] = [
  [
    "a wrong code",
    () => Response.json({ error: "code is unknown" }, { status: 401 }),
    /^code is unknown; ask the hub's owner for another$/,
  ],
  [
    "too many codes",
    () => Response.json({ error: "too many wrong codes; try again in 9 s" }, { status: 429 }),
    /^too many wrong codes; try again in 9 s$/,
  ],
  ["a proxy's page", () => new Response("<html>", { status: 502 }), /^HTTP 502$/],
  [
    "no token",
    () => Response.json({}),
    /^No hub at https:\/\/hub\.example\/base: it answered with/,
  ],
  ["an empty token", () => Response.json({ token: "" }), /it answered without a token$/],
  ["an answer that is no JSON", () => new Response("hello"), /its answer is not a JSON object/],
];

for (const [what, response, message] of REFUSALS) {
  Deno.test(`redeemCode() rejects ${what}`, async () => {
    await assert.rejects(redeem(response()), { name: "ApiError", message });
  });
}

Deno.test("redeemCode() without a code sends nothing", async () => {
  await assert.rejects(redeem(Response.json({}), { code: " " }), UsageError);
});
