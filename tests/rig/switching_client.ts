/**
 * `tela`, but that its tunnels change their path every second.
 *
 * @module
 */

import { systemDepsWith, telaProgram } from "../../client/mod.ts";
import { runMain } from "../../core/cli/mod.ts";
import { makeSwitchingTunnel } from "./switching.ts";

if (import.meta.main) await runMain(telaProgram(systemDepsWith(makeSwitchingTunnel)));
