import assert from "node:assert/strict";
import type { AuthConfig } from "../../hub/config/mod.ts";
import { type FakeConnection, HubRig, identity } from "../../hub/testing/mod.ts";
import { type AgentStep, type Exchange, OWNER_TOKEN, shape, STEPS } from "./recording.ts";

/** What the recorded hub had been given before the recording began. */
const AUTH: AuthConfig = {
  tokens: [
    { ...identity("owner", "owner"), token: OWNER_TOKEN },
    { ...identity("console-viewer", "viewer"), token: "563138b7".padEnd(64, "0") },
  ],
  machines: new Map([["*", {
    registerToken: undefined,
    connect: [{ token: OWNER_TOKEN, services: [] }],
    manageTokens: [],
  }]]),
};

/** Plays the recorded client and agent to our hub. */
class Replay implements Disposable {
  readonly hub = new HubRig(AUTH);
  readonly agent: FakeConnection = this.hub.sockets.dial();
  /** Ours in place of the recorded one, for the request that is under way. */
  requestId = "";
  #asked: Promise<Awaited<ReturnType<HubRig["ask"]>>> | undefined;

  /** Sends the request that the agent's steps before it in the recording are about. */
  begin({ http, req }: Exchange): void {
    this.#asked = this.hub.ask(http, { token: OWNER_TOKEN, body: req });
  }

  async agentStep({ agent, message }: AgentStep): Promise<void> {
    if (agent === "sends") {
      const isAnswer = message.type === "mgmt-response";
      this.agent.text(isAnswer ? { ...message, requestId: this.requestId } : message);
      return;
    }
    while (this.agent.sent.length === 0) await Promise.resolve();
    const got = JSON.parse(this.agent.sent.shift() as string);
    assert.deepEqual(shape(got), shape(message));
    this.requestId = got.requestId ?? "";
  }

  async exchange(exchange: Exchange): Promise<void> {
    if (this.#asked === undefined) this.begin(exchange);
    const answer = (await this.#asked)!;
    this.#asked = undefined;
    const { http, status, headers, res } = exchange;
    assert.equal(answer.status, status, http);
    assert.deepEqual(shape(answer.body), shape(res), http);
    for (const name of ["content-type", "etag"]) {
      assert.equal(answer.headers.get(name), headers[name] ?? null, `${http} ${name}`);
    }
  }

  [Symbol.dispose](): void {
    this.hub.close();
  }
}

/** The request whose answer the agent is asked for at `index`. */
function requestOf(index: number): Exchange | undefined {
  return STEPS.slice(index).find((step) => "http" in step);
}

Deno.test("our hub answers the recorded client, and asks the recorded agent, as the reference did (hub 20, 31, 33, 38, 40, 50, 57, 60, wire 2.8)", async () => {
  using replay = new Replay();
  assert.equal(STEPS.filter((step) => "http" in step).length, 16);
  for (const [index, step] of STEPS.entries()) {
    if ("http" in step) {
      await replay.exchange(step);
      continue;
    }
    if (step.message.type === "mgmt-request") replay.begin(requestOf(index)!);
    await replay.agentStep(step);
  }
});
