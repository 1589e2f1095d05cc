import assert from "node:assert/strict";
import { Api, ApiError, refusalText } from "./api.js";
import { signInProblem } from "./session.js";

interface Sent {
  path: string;
  init: RequestInit & { headers: Record<string, string> };
}

/** An API whose hub gives these answers, one after the other. */
function apiOf(...answers: (Response | Error)[]) {
  const sent: Sent[] = [];
  const api = new Api((path, init) => {
    sent.push({ path: String(path), init: init as Sent["init"] });
    const answer = answers.shift()!;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
  return { api, sent };
}

const ok = (body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { headers });

Deno.test("Api sends a token in the header alone, and none when nobody is signed in", async () => {
  const { api, sent } = apiOf(ok({}), ok({}), ok({}));
  await api.get("api/status");
  api.use("secret");
  await api.get("api/status");
  api.use(undefined);
  await api.get("api/status");
  const tokens = sent.map(({ init }) => init.headers.authorization);
  assert.deepEqual(tokens, [undefined, "Bearer secret", undefined]);
  for (const { path } of sent) assert.equal(path, "api/status");
});

Deno.test("Api.get() gives the same object when the hub says that nothing has changed", async () => {
  const { api, sent } = apiOf(
    ok({ n: 1 }, { etag: '"a"' }),
    new Response(null, { status: 304 }),
    ok({ n: 2 }),
  );
  const first = await api.get("x");
  assert.equal(await api.get("x"), first);
  assert.equal(sent[1]?.init.headers["if-none-match"], '"a"');
  api.use("other");
  assert.deepEqual(await api.get("x"), { n: 2 });
  assert.equal(
    sent[2]?.init.headers["if-none-match"],
    undefined,
    "what one may see another may not",
  );
});

Deno.test("Api.get() gives nobody what was on its way to somebody else", async () => {
  const answer = Promise.withResolvers<Response>();
  const api = new Api(() => answer.promise);
  api.use("owner-token");
  const asked = api.get("api/admin/access");
  api.use(undefined);
  answer.resolve(ok({ access: ["secret"] }));
  await assert.rejects(asked, ApiError);
});

Deno.test("Api.change() names the version that it changes", async () => {
  const { api, sent } = apiOf(ok({}), ok({}));
  await api.change("PUT", "x", { body: { a: 1 }, version: 4 });
  await api.change("POST", "x");
  const [put, post] = sent.map(({ init }) => init);
  assert.deepEqual(put?.headers, { "content-type": "application/json", "if-match": '"4"' });
  assert.equal(put?.body, '{"a":1}');
  assert.deepEqual([post?.headers, post?.body], [{}, undefined]);
});

Deno.test("Api says whether the hub refused, something else answered, or nobody", async () => {
  const { api } = apiOf(
    new Response('{"error":"id is taken"}', { status: 409 }),
    new Response("<html>", { status: 200 }),
    new Response("<html>", { status: 502 }),
    new TypeError("network"),
  );
  const failures = [];
  for (let i = 0; i < 4; i++) failures.push(await api.get("x").catch((error: unknown) => error));
  assert.ok(
    failures.every((failure) => failure instanceof ApiError && failure.name === "ApiError"),
  );
  assert.deepEqual(failures.map(({ status }) => status), [409, 0, 502, 0]);
  assert.equal(failures[0].message, "Id is taken");
});

Deno.test("refusalText() has words where the hub has a keyword or nothing", () => {
  assert.equal(refusalText('{"error":"forbidden"}', 403), "The hub does not allow this");
  assert.equal(refusalText('{"error":"auth_required"}', 401), "The hub wants a valid token");
  assert.equal(refusalText("null", 500), "The hub answered with status 500");
  assert.equal(refusalText('{"error":"too many; wait"}', 429), "Too many; wait");
});

Deno.test("signInProblem() does not tell a wrong token from one of a user", () => {
  const texts = [401, 403].map((status) => signInProblem(new ApiError("x", status)));
  assert.equal(texts[0], texts[1]);
  assert.equal(signInProblem(new ApiError("Too many", 429)), "Too many");
});
