/**
 * Which path a transfer takes over a bad link: 1 % loss and a round trip of 50 ms, by default. Client on
 * one side, hub and agent on the other, each in a namespace; the link is `wireguard-go` over a forwarder,
 * so that the kernel's TCP under the WebSocket meets the same losses as UDP. Needs what `tests/interop`
 * needs to make namespaces. `deno run -A tests/bench/choice.ts [SECONDS] [LOSS]`.
 *
 * @module
 */

import { KernelPair } from "../interop/kernel_pair.ts";
import { KernelPeer } from "../interop/kernel_peer.ts";
import { type Netns, whyNoNetns } from "../interop/netns.ts";
import type { Outcome, Step } from "../interop/tcp_script.ts";
import {
  agentRegistered,
  clientBound,
  hubListens,
  MACHINE,
  newToken,
  Process,
  startProgram,
} from "../rig/mod.ts";

const [HUB_ADDRESS, CLIENT_ADDRESS] = ["10.77.1.1", "10.77.1.2"] as const;
const LOCAL_PORT = 15_555;

const seconds = Number(Deno.args[0] ?? 20);
const loss = Number(Deno.args[1] ?? 0.01);
const sender: Step[] = [{ do: "send-for", ms: seconds * 1000 }, { do: "finish" }, {
  do: "receive",
}];
const receiver: Step[] = [{ do: "receive" }, { do: "finish" }];

/** A transfer, and which paths the sender took. */
interface Row {
  mbit: number;
  changes: string[];
}

/** The programs on both sides of the link. */
class Sides implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #directory = Deno.makeTempDirSync({ prefix: "tela-" });
  readonly #token = newToken();
  readonly #netns: Record<"hub" | "client", Netns>;
  readonly #peers: Record<"hub" | "client", KernelPeer>;

  constructor(pair: KernelPair) {
    const [hub, client] = pair.gos.map(({ netns }) => netns);
    this.#netns = { hub: hub!, client: client! };
    this.#peers = {
      hub: this.#stack.use(new KernelPeer(hub!, HUB_ADDRESS)),
      client: this.#stack.use(new KernelPeer(client!, CLIENT_ADDRESS)),
    };
  }

  /** One transfer from or to the client, with the flags of a path or none. */
  async transfer(flags: string[], { isUpload }: { isUpload: boolean }): Promise<Row> {
    await using stack = new AsyncDisposableStack();
    const steps = isUpload ? receiver : sender;
    const service = await this.#peers.hub.listen({ steps });
    const follow = await this.#start(stack, { port: service.port, flags });
    const to = { hostname: "127.0.0.1", port: LOCAL_PORT };
    const from = follow.mark();
    const startWallMs = Date.now();
    const opened = await this.#peers.client.connect(to, { steps: isUpload ? sender : receiver });
    const [[far], [near]] = await Promise.all([service.outcomes, opened.outcomes]);
    const { received, elapsedMs } = (isUpload ? far : near) as Outcome;
    const changes = follow.tail(follow.mark() - from).filter((line) =>
      line.includes("path_changed")
    )
      .map((line) => {
        const { status } = JSON.parse(line);
        return `${((status.pathSinceWallMs - startWallMs) / 1000).toFixed(1)} s ${status.path}`;
      });
    return { mbit: received * 8 / elapsedMs / 1e3, changes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
    await Deno.remove(this.#directory, { recursive: true });
  }

  /** Starts all programs; the last one prints what happens to the client's tunnel. */
  async #start(
    stack: AsyncDisposableStack,
    { port, flags }: { port: number; flags: string[] },
  ): Promise<Process> {
    const [near, far] = [this.#netns.client.inside(), this.#netns.hub.inside()];
    const home = await Deno.makeTempDir({ dir: this.#directory });
    const env = { TELA_TOKEN: this.#token };
    const hubEnv = { TELA_OWNER_TOKEN: this.#token, TELAHUBD_PORT: "0", TELAHUBD_UDP_PORT: "0" };
    const config = ["-config", `${home}/telahubd.yaml`];
    const hub = stack.use(
      await startProgram("telahubd", { args: config, home, env: hubEnv, prefix: far }),
    );
    const url = `ws://${HUB_ADDRESS}:${await hubListens(hub)}`;
    const peer = ["-hub", url, "-machine", MACHINE, ...flags];
    const offer = ["-ports", `${port}`, "-target-host", HUB_ADDRESS];
    const agent = stack.use(
      await startProgram("telad", { args: [...peer, ...offer], home, env, prefix: far }),
    );
    await agentRegistered(agent);
    const args = ["connect", ...peer, "-ports", `${LOCAL_PORT}:${port}`];
    const client = stack.use(await startProgram("tela", { args, home, env, prefix: near }));
    await clientBound(client, 1);
    const status = ["status", "-follow", "-json"];
    const follow = stack.use(
      await startProgram("tela", { name: "follow", args: status, home, prefix: near }),
    );
    await follow.waitForLine(/"connected":true/);
    const [, wanted] = flags;
    if (wanted !== undefined) await this.#onPath(stack, { home, path: wanted });
    return follow;
  }

  /** Waits until the client sends by a path. */
  async #onPath(
    stack: AsyncDisposableStack,
    { home, path }: { home: string; path: string },
  ): Promise<void> {
    const options = { args: ["status", "-watch", "-json"], home };
    const prefix = this.#netns.client.inside();
    const watch = stack.use(await startProgram("tela", { name: "watch", ...options, prefix }));
    await watch.waitForLine(new RegExp(`"path":"${path}"`));
  }
}

function print(...columns: string[]): void {
  const [first = "", second = "", ...rest] = columns;
  const line = `${first.padEnd(24)}${second.padStart(14)}  ${rest.join("; ")}`;
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const missing = await whyNoNetns({ programs: ["wireguard-go", "wg", "chrt"], tun: true });
if (missing !== undefined) {
  print(`Cannot measure: ${missing}`);
  Deno.exit(1);
}
const link = { delayMs: 25, bitsPerSecond: 100e6, queueBytes: 625_000, loss };
await using pair = await KernelPair.create({ link, seed: 1 });
for (const go of pair.gos) await go.setCongestionControl("cubic");
await using sides = new Sides(pair);
print(`loss ${loss}, 50 ms`, "Mbit/s", "changes of the client's path since the start");
for (
  const [name, flags] of [
    ["websocket alone", ["-paths", "websocket"]],
    ["udp-relay alone", ["-paths", "udp-relay"]],
    ["direct alone", ["-paths", "direct"]],
    ["by choice", []],
  ] as [string, string[]][]
) {
  for (const isUpload of [true, false]) {
    const { mbit, changes } = await sides.transfer(flags, { isUpload });
    print(`${name}, ${isUpload ? "up" : "down"}`, mbit.toFixed(1), ...changes);
  }
}
