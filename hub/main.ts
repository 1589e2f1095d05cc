import { runMain } from "../core/cli/mod.ts";
import { telahubd } from "./program/mod.ts";

await runMain(telahubd);
