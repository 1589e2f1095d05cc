import assert from "node:assert/strict";
import { Management } from "../../agent/management/mod.ts";
import { ManualClock } from "../../core/clock/mod.ts";
import { type MgmtRequest, parseControl } from "../../core/control/mod.ts";
import { createLog, LogRing } from "../../core/log/mod.ts";
import { type AgentStep, STEPS } from "./recording.ts";

/** The configuration that the recorded agent had, as far as ours knows it. */
const CONFIG = `hub: ws://127.0.0.1:18081
token: secret
machines:
  - name: barn
    displayName: Barn box
    tags: [lab, demo]
    location: garage
    ports: [5300]
    services: [{ port: 5300, name: bench, description: bench server }]
    target: 127.0.0.1
`;

const REQUESTS = STEPS.filter((step): step is AgentStep =>
  "agent" in step && step.message.type === "mgmt-request"
);

/** What the recorded agent answered to an action. */
function recordedAnswer(requestId: string): AgentStep["message"] {
  const found = STEPS.find((step) =>
    "agent" in step && step.agent === "sends" && step.message.requestId === requestId
  );
  return (found as AgentStep).message;
}

async function answerAll(): Promise<Map<string, { ours: unknown; recorded: unknown }>> {
  const configPath = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(configPath, CONFIG);
    const logs = new LogRing();
    for (let i = 0; i < 150; i++) logs.push(`2026-11-21T01:21:13Z [telad] line ${i}`);
    const management = new Management({
      ...{ hub: "ws://127.0.0.1:18081", configPath, logs },
      check: () => {},
      onChanged: () => Promise.resolve(),
      restart: () => Promise.resolve(),
      log: createLog({ component: "telad", clock: new ManualClock(), write: () => {} }),
    });
    const answers = new Map();
    for (const { message } of REQUESTS) {
      const request = parseControl(JSON.stringify(message)) as MgmtRequest;
      const ours = JSON.parse(JSON.stringify(await management.answer(request)));
      answers.set(request.action, { ours, recorded: recordedAnswer(request.requestId) });
    }
    return answers;
  } finally {
    await Deno.remove(configPath);
  }
}

Deno.test("our agent answers the recorded hub's requests in the recorded form (agent 60, wire 2.8)", async () => {
  const answers = await answerAll();
  // deno-lint-ignore no-explicit-any -- answers of all kinds, looked into below
  const of = (action: string): { ours: any; recorded: any } => answers.get(action)!;

  const config = of("config-get");
  const { shares: _, gateway: __, ...machine } = config.recorded.payload.machines[0];
  assert.deepEqual(config.ours, {
    ...config.recorded,
    payload: {
      hub: config.recorded.payload.hub,
      configPath: config.ours.payload.configPath,
      machines: [machine],
    },
  });
  assert.equal(JSON.stringify(config.ours).includes("secret"), false);

  const logs = of("logs");
  assert.deepEqual({ ...logs.ours, payload: 0 }, { ...logs.recorded, payload: 0 });
  assert.equal(logs.ours.payload.lines.length, 100);

  const update = of("update-status");
  assert.deepEqual(update.ours, {
    type: "mgmt-response",
    requestId: update.recorded.requestId,
    ok: false,
    message: "unknown action: update-status",
  });
});
