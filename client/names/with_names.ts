import type { Command, FlagValue, Io } from "../../core/cli/mod.ts";
import { createLog } from "../../core/log/mod.ts";
import { type NameDeps, resolveName } from "./resolve.ts";

/** What names are looked up with, but for where to say what goes wrong. */
export type NameLookup = Omit<NameDeps, "log">;

async function resolved(
  hub: FlagValue,
  { lookup, io, verbose }: { lookup: NameLookup; io: Io; verbose: boolean },
): Promise<FlagValue> {
  if (typeof hub !== "string" || hub === "" || hub.includes("://")) return hub;
  const write = (line: string) => {
    if (verbose) io.stderr(`${line}\n`);
  };
  const log = createLog({ component: "tela", clock: lookup.clock, write });
  // What nobody knows is left for the command, which says so or takes it for an address.
  return await resolveName(hub, { ...lookup, log }) ?? hub;
}

/** The command and those below it, whose `-hub` may be the name of a hub. Spec: client.md 1.0, 4.4 */
export function withHubNames(command: Command, lookup: NameLookup): Command {
  const commands = command.commands.map((below) => withHubNames(below, lookup));
  const { run } = command;
  if (run === undefined || !Object.hasOwn(command.flags, "hub")) return { ...command, commands };
  return {
    ...command,
    commands,
    run: async ({ flags, args, io }) => {
      const hub = await resolved(flags.hub, { lookup, io, verbose: flags.v === true });
      await run({ flags: { ...flags, hub }, args, io });
    },
  };
}
