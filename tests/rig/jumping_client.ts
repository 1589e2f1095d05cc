/**
 * `tela`, but that its tunnels see the wall clock jump by 10 minutes on SIGUSR1, as after a sleep, in
 * which Linux stops the monotonic one.
 *
 * @module
 */

import { systemDepsWith, telaProgram } from "../../client/mod.ts";
import { runMain } from "../../core/cli/mod.ts";
import { type Clock, systemClock } from "../../core/clock/mod.ts";
import { Tunnel } from "../../core/tunnel/mod.ts";

const JUMP_MS = 600_000;

let jumpedMs = 0;

const clock: Clock = {
  ...systemClock,
  wallMs: () => systemClock.wallMs() + jumpedMs,
};

if (import.meta.main) {
  Deno.addSignalListener("SIGUSR1", () => jumpedMs += JUMP_MS);
  await runMain(telaProgram(systemDepsWith((options) => new Tunnel({ ...options, clock }))));
}
