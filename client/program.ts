import { type Command, command } from "../core/cli/mod.ts";
import { loginCommand, logoutCommand, pairCommand } from "./account/mod.ts";
import { adminCommand } from "./admin/mod.ts";
import { connectCommand } from "./connect.ts";
import type { ClientDeps } from "./deps.ts";
import { explainCommand } from "./explain/mod.ts";
import { withHubNames } from "./names/mod.ts";
import { probeSession } from "./probe_session.ts";
import { machinesCommand, servicesCommand } from "./query.ts";
import { statusCommand } from "./status/mod.ts";

/** The program `tela`. Spec: client.md 1 */
export function telaProgram(deps: ClientDeps): Command {
  const program = command({
    name: "tela",
    summary: "Reach the services of machines through a hub",
    description:
      "Machines run an agent that dials out to a hub; tela dials out to the same hub and binds " +
      "local ports that lead to their services, end-to-end encrypted. No root, no open port.\n\n" +
      "tela help COMMAND prints the help of a command. Flags take one dash or two. Variables " +
      "TELA_HUB, TELA_MACHINE and TELA_TOKEN save writing them.",
    examples: [
      "tela machines -hub wss://hub.example.com",
      "tela connect -hub wss://hub.example.com -machine barn",
      "tela help connect",
    ],
    commands: [
      connectCommand(deps),
      machinesCommand(deps),
      servicesCommand(deps),
      statusCommand(deps),
      explainCommand({
        ...deps,
        trySession: (target, signal) => probeSession(target, { deps, signal }),
      }),
      loginCommand(deps),
      logoutCommand(deps),
      pairCommand(deps),
      adminCommand(deps),
    ],
  });
  const { nameFiles: files, fetch, clock } = deps;
  return withHubNames(program, { files: files(), fetch, clock });
}
