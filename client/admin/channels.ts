import {
  type Command,
  command,
  confirm,
  type FlagValues,
  formatJson,
  formatTable,
  type Io,
  printable,
  UsageError,
} from "../../core/cli/mod.ts";
import { isJsonObject, type JsonObject } from "../../core/control/mod.ts";
import { channelName, manifestBase } from "../../core/release/mod.ts";
import {
  type ADMIN_FLAGS,
  type AGENT_FLAGS,
  argument,
  FORCE_FLAG,
  JSON_FLAG,
  textOf,
} from "./context.ts";

/** Release channel and updates of one program, a hub or an agent. */
export interface Channel {
  /** What it is called for people. */
  readonly label: string;
  /** Channel, versions and whether there is a newer one. */
  status(): Promise<JsonObject>;
  /** Follows another channel. */
  set(change: { channel: string; manifestBase?: string }): Promise<JsonObject>;
  /** Where channels come from. */
  sources(): Promise<JsonObject>;
  /** Names where one comes from. */
  setSource(name: string, base: string): Promise<void>;
  /** Forgets where one comes from. */
  removeSource(name: string): Promise<void>;
  /** Updates the program: to the newest version, or to this one. */
  update(version: string | undefined): Promise<JsonObject>;
}

/** The hub or the agents, as the commands below know them. */
export interface ChannelFamily {
  /** Words before `channel` and `update`, as `tela admin hub`. */
  readonly words: string;
  /** Flags that say which program is meant. */
  readonly flags: typeof ADMIN_FLAGS | typeof AGENT_FLAGS;
  /** The program that they mean. */
  readonly open: (flags: ProgramFlags, io: Io) => Promise<Channel>;
}

/** Values of the flags that say which program is meant. */
export type ProgramFlags = FlagValues<typeof ADMIN_FLAGS> & { readonly machine?: string };

function readChannel(text: string): string {
  const name = channelName(text);
  if (name !== undefined) return name;
  throw new UsageError(`Invalid channel "${text}": must be of letters, digits and hyphens`);
}

function readBase(text: string): string {
  const base = manifestBase(text);
  if (base !== undefined) return base;
  throw new UsageError(`Invalid address "${text}": must be as https://releases.example.com`);
}

function latestText(status: JsonObject): string {
  const latest = textOf(status, "latestVersion");
  if (latest === "") return `unavailable (${textOf(status, "error") || "no reason given"})`;
  if (status.updateAvailable === true) return `${latest} (update available)`;
  const isCurrent = latest === textOf(status, "currentVersion");
  return `${latest} (${isCurrent ? "up to date" : "ahead of channel HEAD"})`;
}

/** Spec: client.md 1.3 (channel block) */
function statusView(label: string, status: JsonObject): string {
  const lines = [
    ["channel:", textOf(status, "channel")],
    ["manifest:", textOf(status, "manifestUrl")],
    ["current version:", textOf(status, "currentVersion")],
    ["latest version:", latestText(status)],
  ];
  const block = lines.map(([name, value]) => `  ${name!.padEnd(16)} ${printable(value!)}\n`);
  return `${printable(label)}\n${block.join("")}`;
}

function sourcesView(answer: JsonObject): string {
  const { sources } = answer;
  const named = Object.entries(isJsonObject(sources) ? sources : {}).toSorted(([a], [b]) =>
    a < b ? -1 : 1
  );
  if (named.length === 0) return "No sources configured.\n";
  const rows = named.map(([name, base]) => [name, typeof base === "string" ? base : ""]);
  return formatTable({ headings: ["CHANNEL", "BASE URL"], rows });
}

function exampleOf({ words, flags }: ChannelFamily, rest: string): string {
  return `${words} ${rest}${"machine" in flags ? " -machine barn" : ""}`;
}

/** The command that shows channel and versions. Spec: client.md 1.3 (`hub status`, `channel`) */
export function channelStatusCommand(
  family: ChannelFamily,
  { name, commands = [] }: { name: "channel" | "status"; commands?: readonly Command[] },
): Command {
  return command({
    name,
    summary: "Show release channel, version, and whether there is a newer one",
    flags: { ...family.flags, ...JSON_FLAG },
    examples: [exampleOf(family, name)],
    commands,
    run: async ({ flags, io }) => {
      const channel = await family.open(flags, io);
      const status = await channel.status();
      io.stdout(flags.json ? formatJson(status) : statusView(channel.label, status));
    },
  });
}

function setCommand(family: ChannelFamily): Command {
  return command({
    name: "set",
    summary: "Follow another release channel",
    flags: {
      ...family.flags,
      "manifest-base": {
        type: "string",
        placeholder: "url",
        summary: "Where the channel comes from. Default: as it was.",
      },
    },
    positionals: [{ name: "channel", kind: "required" }],
    examples: [exampleOf(family, "channel set stable")],
    run: async ({ flags, args, io }) => {
      const name = readChannel(argument(args, 0));
      const base = flags["manifest-base"];
      const channel = await family.open(flags, io);
      const answer = await channel.set({
        channel: name,
        ...(base && { manifestBase: readBase(base) }),
      });
      const manifest = printable(textOf(answer, "manifestUrl"));
      io.stdout(`${channel.label}: channel set to ${name}\n  manifest: ${manifest}\n`);
    },
  });
}

function listSourcesCommand(family: ChannelFamily, name: "list" | "sources"): Command {
  return command({
    name,
    summary: "List where release channels come from, where that is configured",
    flags: { ...family.flags, ...JSON_FLAG },
    examples: [exampleOf(family, "channel sources")],
    commands: name === "list" ? [] : [
      listSourcesCommand(family, "list"),
      setSourceCommand(family),
      removeSourceCommand(family),
    ],
    run: async ({ flags, io }) => {
      const answer = await (await family.open(flags, io)).sources();
      io.stdout(flags.json ? formatJson(answer) : sourcesView(answer));
    },
  });
}

function setSourceCommand(family: ChannelFamily): Command {
  return command({
    name: "set",
    summary: "Say where a release channel comes from",
    flags: family.flags,
    positionals: [{ name: "channel", kind: "required" }, { name: "url", kind: "required" }],
    examples: [exampleOf(family, "channel sources set lab https://releases.example.com")],
    run: async ({ flags, args, io }) => {
      const [name, base] = [readChannel(argument(args, 0)), readBase(argument(args, 1))];
      const channel = await family.open(flags, io);
      await channel.setSource(name, base);
      io.stdout(`${channel.label}: channel ${name} comes from ${base}\n`);
    },
  });
}

function removeSourceCommand(family: ChannelFamily): Command {
  return command({
    name: "remove",
    summary: "Forget where a release channel comes from",
    flags: { ...family.flags, ...FORCE_FLAG },
    positionals: [{ name: "channel", kind: "required" }],
    examples: [exampleOf(family, "channel sources remove lab")],
    run: async ({ flags, args, io }) => {
      const name = readChannel(argument(args, 0));
      await confirm(io, { question: `Forget the source of ${name}?`, force: flags.force });
      const channel = await family.open(flags, io);
      await channel.removeSource(name);
      io.stdout(`${channel.label}: source of ${name} removed\n`);
    },
  });
}

function updateCommand(family: ChannelFamily): Command {
  return command({
    name: "update",
    summary: "Have the program update itself",
    flags: {
      ...family.flags,
      version: {
        type: "string",
        placeholder: "version",
        summary: "Version to update to. Default: the newest of the channel.",
      },
    },
    examples: [exampleOf(family, "update")],
    run: async ({ flags, io }) => {
      const channel = await family.open(flags, io);
      const answer = await channel.update(flags.version || undefined);
      io.stdout(`${channel.label}: ${printable(textOf(answer, "message")) || "updating"}\n`);
    },
  });
}

/** `channel` and `update` of a hub or an agent. Spec: client.md 1.3 */
export function channelCommands(family: ChannelFamily): Command[] {
  const commands = [setCommand(family), listSourcesCommand(family, "sources")];
  return [channelStatusCommand(family, { name: "channel", commands }), updateCommand(family)];
}
