import { type Command, command } from "../../core/cli/mod.ts";
import { accessCommand } from "./access.ts";
import { agentCommand } from "./agents.ts";
import { auditCommand } from "./audit.ts";
import type { AdminDeps } from "./context.ts";
import { hubCommand } from "./hub.ts";
import { pairCodeCommand } from "./pair_code.ts";
import { pairCodesCommand } from "./pair_codes.ts";
import { portalsCommand } from "./portals.ts";
import { rotateCommand, tokensCommand } from "./tokens.ts";

/** `tela admin`. Spec: client.md 1.3 */
export function adminCommand(deps: AdminDeps): Command {
  return command({
    name: "admin",
    summary: "Administer a hub",
    description: "Every command needs the token of an owner or administrator: -token, else " +
      "TELA_OWNER_TOKEN, else TELA_TOKEN, else the one that tela login has kept for the hub.",
    commands: [
      accessCommand(deps),
      tokensCommand(deps),
      rotateCommand(deps),
      pairCodeCommand(deps),
      pairCodesCommand(deps),
      agentCommand(deps),
      hubCommand(deps),
      portalsCommand(deps),
      auditCommand(deps),
    ],
  });
}
