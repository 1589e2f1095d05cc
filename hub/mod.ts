/**
 * The hub of a Tela network. Programs run `main.ts`; tests start a hub in their own process.
 *
 * @example
 * ```ts
 * import { systemClock, systemRandom } from "../core/clock/mod.ts";
 * import { createLog, LogRing } from "../core/log/mod.ts";
 * import { DEFAULTS, type HubConfig, startHub } from "./mod.ts";
 * import { CodeStore } from "./pairing/mod.ts";
 *
 * const config: HubConfig = {
 *   hubId: "",
 *   name: "lab",
 *   port: 0,
 *   udpPort: 0,
 *   udpHost: "",
 *   wwwDir: "",
 *   shutdownTimeoutMs: 1000,
 *   auth: { tokens: [], machines: new Map() }, // an open hub
 *   update: { channel: "", sources: {} },
 *   audit: DEFAULTS.audit,
 *   metrics: DEFAULTS.metrics,
 * };
 * const codes = new CodeStore(":memory:", { random: systemRandom });
 * const hub = await startHub({
 *   config: () => config,
 *   codes,
 *   facts: { os: "linux", arch: "amd64", hostname: "h", runtime: "deno", version: "0" },
 *   clock: systemClock,
 *   random: systemRandom,
 *   log: createLog({ component: "hub", clock: systemClock, write: () => {} }),
 *   logs: new LogRing(),
 *   hostname: "127.0.0.1",
 * });
 * const response = await fetch(`http://127.0.0.1:${hub.port}/api/status`);
 * console.log((await response.json()).hubName); // lab
 * await hub.shutdown();
 * codes.close();
 * ```
 *
 * @module
 */

export { DEFAULTS, type HubConfig } from "./config/mod.ts";
export { type HubOptions, ListenError, type RunningHub, startHub } from "./server/mod.ts";
