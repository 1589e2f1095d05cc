import { systemRandom as random } from "../../core/clock/mod.ts";
import { generatePrivateKey, publicKey } from "../../core/wireguard/mod.ts";
import { ForwarderProcess } from "./forwarder_process.ts";
import { KernelPeer } from "./kernel_peer.ts";
import { MTU_BYTES, type Network } from "./kernel_rig.ts";
import { Netns } from "./netns.ts";
import type { Outcome, Step } from "./tcp_script.ts";
import { WIREGUARD_PORT, WireGuardGo } from "./wireguard_go.ts";

const INNER = ["10.77.1.1", "10.77.1.2"] as const;

/** The kernel's TCP at both ends, behind `wireguard-go`, with a forwarder in between. */
export class KernelPair implements AsyncDisposable {
  /** The program of each end. */
  readonly gos: readonly WireGuardGo[];
  readonly #peers: readonly KernelPeer[];
  readonly #stack: AsyncDisposableStack;

  private constructor(o: {
    gos: readonly WireGuardGo[];
    peers: readonly KernelPeer[];
    stack: AsyncDisposableStack;
  }) {
    this.gos = o.gos;
    this.#peers = o.peers;
    this.#stack = o.stack;
  }

  /** Starts everything. */
  static async create(network: Network): Promise<KernelPair> {
    await using stack = new AsyncDisposableStack();
    const namespaces = [stack.use(await Netns.create()), stack.use(await Netns.create())] as const;
    const [first, second] = namespaces.map(({ hostAddress, address }) => ({
      hostname: hostAddress,
      peer: { hostname: address, port: WIREGUARD_PORT },
    }));
    const { addresses } = stack.use(
      await ForwarderProcess.start({ ...network, ends: [first!, second!] }),
    );
    const keys = [generatePrivateKey(random), generatePrivateKey(random)] as const;
    const gos: WireGuardGo[] = [];
    const peers: KernelPeer[] = [];
    for (const [i, other] of [[0, 1], [1, 0]] as const) {
      const { hostname, port } = addresses[i];
      const go = stack.use(
        await WireGuardGo.start(namespaces[i], {
          privateKey: keys[i],
          innerAddress: INNER[i],
          mtuBytes: MTU_BYTES,
          peer: {
            publicKey: publicKey(keys[other]),
            innerAddress: INNER[other],
            endpoint: `${hostname}:${port}`,
          },
        }),
      );
      gos.push(go);
      peers.push(stack.use(new KernelPeer(namespaces[i], INNER[i])));
    }
    return new KernelPair({ gos, peers, stack: stack.move() });
  }

  /** Plays one script at the end that opens a connection, and one at the other, whose outcome it is. */
  async send(opener: Step[], other: Step[]): Promise<Outcome> {
    const listener = await this.#peers[1]!.listen({ steps: other });
    const to = { hostname: INNER[1], port: listener.port };
    const opened = await this.#peers[0]!.connect(to, { steps: opener });
    const [[outcome]] = await Promise.all([listener.outcomes, opened.outcomes]);
    return outcome!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
