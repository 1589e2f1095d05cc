import { type Command, command, type FlagValues, formatJson, type Io } from "../../core/cli/mod.ts";
import { sleep } from "../../core/clock/mod.ts";
import { parseHubAddress } from "../../core/hub_api/mod.ts";
import type { ConnectionStatus, ControlEvent, FoundClient } from "../control/mod.ts";
import type { ControlAddress } from "../control/mod.ts";
import { askHub, HUB_FLAGS, type HubDeps, type HubStatus, statusView } from "../hub/mod.ts";
import { eventLine } from "./event_view.ts";
import { connectionView } from "./tunnel_view.ts";

/** How often `-watch` looks. */
const WATCH_INTERVAL_MS = 2000;

/** To the upper left corner, and clear what is below. */
const CLEAR_SCREEN = "\x1b[H\x1b[J";

/** What `tela status` needs of its surroundings. */
export interface StatusDeps extends HubDeps {
  /** The clients of this user that run now. */
  readonly findClients: () => Promise<FoundClient[]>;
  /** Listens to one of them until it ends or the signal is aborted. */
  readonly followClient: (
    address: ControlAddress,
    options: { onEvent: (event: ControlEvent) => void; signal: AbortSignal },
  ) => Promise<void>;
  /** Calls back on the first signal to end, until disposed of. */
  readonly onInterrupt: (callback: () => void) => Disposable;
}

const FLAGS = {
  hub: { ...HUB_FLAGS.hub, required: false, summary: "Hub to ask. Default: none is asked." },
  token: HUB_FLAGS.token,
  json: { type: "boolean", summary: "Print JSON; with -watch and -follow, one document a line." },
  watch: { type: "boolean", summary: "Print the state again every 2 s, until Ctrl-C." },
  follow: { type: "boolean", summary: "Print what happens to the tunnels, as it happens." },
} as const;

type Flags = FlagValues<typeof FLAGS>;

/** A connection, and the process it belongs to. */
type Tunnel = ConnectionStatus & { readonly pid: number };

/** What there is to show. */
interface State {
  readonly tunnels: readonly Tunnel[];
  /** Process ids of clients that do not answer. */
  readonly silent: readonly number[];
  /** What the hub says, if it was asked and answered. */
  readonly hub?: HubStatus;
  /** Why it did not answer. */
  readonly hubError?: unknown;
}

function sameHub(a: string, b: string): boolean {
  return URL.parse(a)?.href === URL.parse(b)?.href;
}

async function look({ hub, token }: Flags, deps: StatusDeps): Promise<State> {
  const hubUrl = hub === undefined ? undefined : parseHubAddress(hub).wsUrl;
  const clients = await deps.findClients();
  const tunnels = clients.flatMap(({ answer }) =>
    answer.state === "alive"
      ? answer.connections.map((connection) => ({ pid: answer.pid, ...connection }))
      : []
  );
  const silent = clients.filter(({ answer }) => answer.state === "silent").map((c) => c.answer.pid);
  if (hub === undefined || hubUrl === undefined) return { tunnels, silent };
  const own = { tunnels: tunnels.filter((tunnel) => sameHub(tunnel.hub, hubUrl)), silent };
  try {
    return { ...own, hub: await askHub({ hub, token }, deps) };
  } catch (hubError) {
    return { ...own, hubError };
  }
}

function view({ hub, tunnels }: State, { flags, nowWallMs }: { flags: Flags; nowWallMs: number }) {
  const shown = hub === undefined
    ? []
    : [statusView(hub, { hubUrl: parseHubAddress(flags.hub!).wsUrl })];
  return [...shown, ...tunnels.map((tunnel) => connectionView(tunnel, nowWallMs))].join("\n");
}

function notRunning({ silent }: State): Error {
  return silent.length === 0
    ? new Error("No tela connect is running: start one, or ask a hub with -hub")
    : new Error(`tela connect with process id ${silent.join(", ")} does not answer`);
}

/** Prints the state once. @throws what there is nothing to show for */
async function show(flags: Flags, { deps, io }: { deps: StatusDeps; io: Io }): Promise<void> {
  const state = await look(flags, deps);
  const { hub, hubError, tunnels, silent } = state;
  const nothing = flags.hub === undefined && tunnels.length === 0;
  if (nothing) throw notRunning(state);
  if (flags.json) io.stdout(formatJson({ ...hub?.raw, tunnels }));
  else io.stdout(view(state, { flags, nowWallMs: deps.clock.wallMs() }));
  for (const pid of silent) io.stderr(`tela connect with process id ${pid} does not answer\n`);
  if (hubError !== undefined) throw hubError;
}

/** Prints the state again and again, whatever it is. */
async function watch(
  flags: Flags,
  { deps, io, signal }: { deps: StatusDeps; io: Io; signal: AbortSignal },
): Promise<void> {
  const clear = io.isTerminal.stdout ? CLEAR_SCREEN : "";
  while (!signal.aborted) {
    const state = await look(flags, deps);
    const { hub, hubError, tunnels } = state;
    if (flags.json) io.stdout(`${JSON.stringify({ ...hub?.raw, tunnels })}\n`);
    else {
      const nowWallMs = deps.clock.wallMs();
      const fault = hubError ?? (tunnels.length === 0 && hub === undefined && notRunning(state));
      const note = fault instanceof Error ? `${fault.message}\n` : "";
      io.stdout(`${clear}${view(state, { flags, nowWallMs })}${note}\n`);
    }
    await sleep(deps.clock, WATCH_INTERVAL_MS, signal).catch(() => {});
  }
}

/** Prints the events of all clients until they end. */
async function follow(
  { json }: Flags,
  { deps, io, signal }: { deps: StatusDeps; io: Io; signal: AbortSignal },
): Promise<void> {
  const clients = await deps.findClients();
  if (clients.length === 0) throw notRunning({ tunnels: [], silent: [] });
  await Promise.all(clients.map(({ address }) => {
    const onEvent = (event: ControlEvent) => {
      const line = json
        ? `${JSON.stringify({ pid: address.pid, ...event })}\n`
        : eventLine(event, deps.clock.wallMs());
      if (line !== undefined) io.stdout(line);
    };
    return deps.followClient(address, { onEvent, signal });
  }));
}

/** `tela status`. */
export function statusCommand(deps: StatusDeps): Command {
  return command({
    name: "status",
    summary: "Print the state of your tunnels, and of a hub",
    description:
      "Asks each running tela connect of this user for its tunnels: path in use, round trip, loss, " +
      "goodput, when the peer was last heard, whether it is verified, and local ports. With -hub, " +
      "asks that hub too how many machines, services and sessions it has.",
    flags: FLAGS,
    examples: [
      "tela status",
      "tela status -watch",
      "tela status -hub wss://hub.example.com -json",
    ],
    seeAlso: ["tela connect", "tela machines", "tela explain"],
    run: async ({ flags, io }) => {
      if (!flags.watch && !flags.follow) return await show(flags, { deps, io });
      const stop = new AbortController();
      using _signals = deps.onInterrupt(() => stop.abort());
      const { signal } = stop;
      await (flags.follow ? follow : watch)(flags, { deps, io, signal });
    },
  });
}
