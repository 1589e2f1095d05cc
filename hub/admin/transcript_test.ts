import assert from "node:assert/strict";
import type { AuthConfig } from "../config/mod.ts";
import { HubRig, identity } from "../testing/mod.ts";
import recording from "./testdata/reference_admin.json" with { type: "json" };

interface Exchange {
  readonly http: string;
  readonly req?: unknown;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly res: unknown;
}

/** What the recorded hub had been given before the recording began. */
const AUTH: AuthConfig = {
  tokens: [
    { ...identity("owner", "owner"), token: "a".repeat(64) },
    { ...identity("console-viewer", "viewer"), token: "563138b7".padEnd(64, "0") },
  ],
  machines: new Map([["*", {
    registerToken: undefined,
    connect: [{ token: "a".repeat(64), services: [] }],
    manageTokens: [],
  }]]),
};

/** What differs from one hub to the next: secrets and times, of which only the form is compared. */
function shape(value: unknown, key = ""): unknown {
  if (key === "token") return /^[0-9a-f]{64}$/.test(value as string);
  if (key === "code") return /^[0-9A-Z]{4}-[0-9A-Z]{4}$/.test(value as string);
  if (key === "tokenPreview") return /^[0-9a-f]{8}\.\.\.$/.test(value as string);
  if (key.endsWith("At")) return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value as string);
  if (Array.isArray(value)) return value.map((item) => shape(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shape(item, name)]));
}

Deno.test("administration answers as was recorded of the reference (hub 20, 31, 33, 38, 40)", async () => {
  const hub = new HubRig(AUTH);
  const exchanges = recording.exchanges as Exchange[];
  assert.equal(exchanges.length, 9);
  for (const { http, req, status, headers, res } of exchanges) {
    const answer = await hub.ask(http, {
      token: "a".repeat(64),
      body: req === "" ? undefined : req,
    });
    assert.equal(answer.status, status, http);
    assert.deepEqual(shape(answer.body), shape(res), http);
    for (const name of ["content-type", "etag"]) {
      assert.equal(answer.headers.get(name), headers[name] ?? null, `${http} ${name}`);
    }
  }
  hub.close();
});
