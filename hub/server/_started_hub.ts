import { systemClock, systemRandom } from "../../core/clock/mod.ts";
import { createLog, LogRing } from "../../core/log/mod.ts";
import { DEFAULTS, type HubConfig } from "../config/mod.ts";
import { CodeStore } from "../pairing/mod.ts";
import { type RunningHub, startHub } from "./hub.ts";

const none = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };
/** A hub that anybody may use, on a port of the system's choice. */
export const OPEN: HubConfig = {
  hubId: "hub-1",
  name: "lab",
  port: 0,
  udpPort: 0,
  udpHost: "",
  wwwDir: "",
  shutdownTimeoutMs: 5000,
  auth: { tokens: [], machines: new Map() },
  update: { channel: "", sources: {} },
  audit: DEFAULTS.audit,
  metrics: DEFAULTS.metrics,
};
/** The same with one owner, whose token is `owner-token`. */
export const SECURED: HubConfig = {
  ...OPEN,
  auth: {
    tokens: [{ ...none, id: "owner", token: "owner-token", role: "owner" }],
    machines: new Map(),
  },
};

/** Runs a hub while a test runs; what the hub has logged is in `lines`. */
export async function withHub(
  run: (hub: RunningHub, lines: string[]) => Promise<void>,
  config = OPEN,
): Promise<void> {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const codes = new CodeStore(":memory:", { random: systemRandom });
  const hub = await startHub({
    config: () => config,
    codes,
    facts: { os: "linux", arch: "amd64", hostname: "h", runtime: "deno", version: "0.1.0" },
    clock: systemClock,
    random: systemRandom,
    log: createLog({ component: "hub", clock: systemClock, write }),
    logs: new LogRing(),
    hostname: "127.0.0.1",
  });
  try {
    await run(hub, lines);
  } finally {
    await hub.shutdown();
    codes.close();
  }
}
