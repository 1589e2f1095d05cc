/**
 * `telad`, but that its tunnels change their path every second.
 *
 * @module
 */

import { systemProcess, telad } from "../../agent/mod.ts";
import { runMain } from "../../core/cli/mod.ts";
import { systemClock, systemRandom } from "../../core/clock/mod.ts";
import { systemUdp } from "../../core/path/mod.ts";
import { makeSwitchingTunnel } from "./switching.ts";

const parts = { role: "agent", udp: systemUdp, clock: systemClock, random: systemRandom } as const;
const agent = telad(systemProcess((options) => makeSwitchingTunnel({ ...parts, ...options })));
if (import.meta.main) await runMain(agent);
