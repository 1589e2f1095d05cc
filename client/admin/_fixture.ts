import assert from "node:assert/strict";
import { command, MemoryIo, run } from "../../core/cli/mod.ts";
import { ManualClock } from "../../core/clock/mod.ts";
import type { Json } from "../../core/control/mod.ts";
import type { KnownAgents } from "../../core/identity/mod.ts";
import { adminCommand } from "./admin.ts";

/** What a request is answered. */
export type Answer = Response | ((request: Request) => Response | Promise<Response>);

/** The surroundings of a command. */
export interface AdminTest {
  terminal?: boolean;
  stdin?: string;
  env?: Record<string, string>;
  known?: KnownAgents;
}

/** `tela admin` with `line`, against a hub that answers by `METHOD path`. */
export async function admin(
  line: string[],
  answers: Record<string, Answer>,
  { terminal = false, stdin = "", env = {}, known }: AdminTest = {},
) {
  const requests: { at: string; body: Json; authorization: string | null }[] = [];
  const fetch = async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    const at = `${request.method} ${pathname}${search}`;
    const text = await request.text();
    const authorization = request.headers.get("authorization");
    requests.push({ at, body: text === "" ? null : JSON.parse(text), authorization });
    const answer = answers[at];
    if (answer === undefined) return Response.json({ error: `no ${at}` }, { status: 404 });
    return typeof answer === "function" ? await answer(request) : answer;
  };
  const clock = new ManualClock(Date.parse("2026-08-01T00:00:00Z"));
  const storedToken = () => Promise.resolve("kept");
  const deps = { clock, fetch, storedToken, knownAgents: () => known };
  const program = command({ name: "tela", summary: "x", commands: [adminCommand(deps)] });
  const io = new MemoryIo({
    args: ["admin", ...line],
    env: { TELA_HUB: "ws://hub.example", ...env },
    terminal,
    stdin,
  });
  const code = await run(program, io);
  assert.equal(clock.nextTimerMs(), Infinity);
  return { code, out: io.out, err: io.err, requests };
}

/** A response of JSON. */
export const json = (value: Json, status = 200): Response => Response.json(value, { status });
