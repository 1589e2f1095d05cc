/**
 * Runs `tela`, the client.
 *
 * @module
 */

import { runMain } from "../core/cli/mod.ts";
import { telaProgram } from "./program.ts";
import { systemDeps } from "./system_deps.ts";

await runMain(telaProgram(systemDeps));
