/**
 * Our TCP and WireGuard against the kernel's TCP behind `wireguard-go`, straight or with a bad network
 * in between.
 *
 * @module
 */

import { systemRandom as random } from "../../core/clock/mod.ts";
import { generatePrivateKey, publicKey } from "../../core/wireguard/mod.ts";
import type { TcpConn } from "../../core/netstack/mod.ts";
import type { LinkOptions } from "../simnet/link.ts";
import { Forwarder } from "./forwarder.ts";
import { ForwarderProcess } from "./forwarder_process.ts";
import type { ForwarderOrder } from "./forwarder_program.ts";
import { KernelPeer, type Playing } from "./kernel_peer.ts";
import { Netns } from "./netns.ts";
import { type Outcome, play, type Step } from "./tcp_script.ts";
import { type UdpAddress, UdpEnd } from "./udp.ts";
import { UserStack } from "./user_stack.ts";
import { WIREGUARD_PORT, WireGuardGo } from "./wireguard_go.ts";

/** Inner address of our end. */
export const OURS = "10.77.1.1";
/** Inner address of the kernel's end. */
export const THEIRS = "10.77.1.2";
/** MTU of the inner link at both ends unless a test changes one. */
export const MTU_BYTES = 1420;

/** What is between the ends. */
export interface Network {
  /** Both directions, unless `back` is given. */
  link: LinkOptions;
  /** From the kernel to us. */
  back?: LinkOptions;
  /** Everything random follows from it. */
  seed: number;
  /** Whether it is in a process of its own, where nobody sees its counts. Default false. */
  isOwnProcess?: boolean;
}

/** A connection, or several, and what each end does with them. */
export interface Meeting {
  /** Who opens it. */
  opener: Opener;
  /** What our end does. */
  ours: Step[];
  /** What the kernel's end does. */
  theirs: Step[];
  /** Connections, all at once. Default 1. */
  count?: number;
  /** Resolves when our end, which waits, may go on. */
  weMayGoOn?: () => Promise<void>;
  /** Resolves when the kernel's end, which waits, may go on. */
  theyMayGoOn?: () => Promise<void>;
}

/** One of the two ends. */
export type Opener = "we" | "the kernel";

/** What came of it at each end. */
export interface Met {
  ours: Outcome[];
  theirs: Outcome[];
}

/** What each end sees instead of the other. */
interface Between {
  near: UdpAddress;
  far: UdpAddress;
  forwarder: Forwarder | undefined;
}

async function startForwarder(
  stack: AsyncDisposableStack,
  { network, ours, theirs }: { network: Network; ours: UdpAddress; theirs: UdpAddress },
): Promise<Between> {
  const { hostname } = ours;
  if (network.isOwnProcess) {
    const ends: ForwarderOrder["ends"] = [{ hostname, peer: ours }, { hostname, peer: theirs }];
    const process = stack.use(await ForwarderProcess.start({ ...network, ends }));
    return { near: process.addresses[0], far: process.addresses[1], forwarder: undefined };
  }
  const near = stack.use(await UdpEnd.bind(hostname));
  const far = stack.use(await UdpEnd.bind(hostname));
  near.peer = ours;
  far.peer = theirs;
  const forwarder = stack.use(new Forwarder({ ends: [near, far], ...network }));
  return { near: near.address, far: far.address, forwarder };
}

/** Both ends, ready to talk. */
export class KernelRig implements AsyncDisposable {
  /** Our end. */
  readonly ours: UserStack;
  /** The kernel's end. */
  readonly kernel: KernelPeer;
  /** The program between the kernel and the network. */
  readonly go: WireGuardGo;
  /** What is between the ends, if anything is in this process. */
  readonly forwarder: Forwarder | undefined;
  readonly #stack: AsyncDisposableStack;
  #lastPort = 8_000;

  private constructor(o: {
    ours: UserStack;
    kernel: KernelPeer;
    go: WireGuardGo;
    forwarder: Forwarder | undefined;
    stack: AsyncDisposableStack;
  }) {
    this.ours = o.ours;
    this.kernel = o.kernel;
    this.go = o.go;
    this.forwarder = o.forwarder;
    this.#stack = o.stack;
  }

  /** Starts everything. */
  static async create(
    { network, ourMtuBytes = MTU_BYTES }: { network?: Network; ourMtuBytes?: number } = {},
  ): Promise<KernelRig> {
    await using stack = new AsyncDisposableStack();
    const netns = stack.use(await Netns.create());
    const keys = [generatePrivateKey(random), generatePrivateKey(random)] as const;
    const end = stack.use(await UdpEnd.bind(netns.hostAddress));
    const theirs = { hostname: netns.address, port: WIREGUARD_PORT };
    const between = network && await startForwarder(stack, { network, ours: end.address, theirs });
    end.peer = between?.near ?? theirs;
    const { hostname, port } = between?.far ?? end.address;
    const go = stack.use(
      await WireGuardGo.start(netns, {
        privateKey: keys[1],
        innerAddress: THEIRS,
        mtuBytes: MTU_BYTES,
        peer: {
          publicKey: publicKey(keys[0]),
          innerAddress: OURS,
          endpoint: `${hostname}:${port}`,
        },
      }),
    );
    const kernel = stack.use(new KernelPeer(netns, THEIRS));
    const ours = stack.use(
      new UserStack({
        end,
        privateKey: keys[0],
        peerPublicKey: publicKey(keys[1]),
        address: OURS,
        peerAddress: THEIRS,
        mtuBytes: ourMtuBytes,
      }),
    );
    const forwarder = between?.forwarder;
    return new KernelRig({ ours, kernel, go, forwarder, stack: stack.move() });
  }

  /** Has both ends play on new connections. */
  async meet(meeting: Meeting): Promise<Met> {
    const { opener, ours: steps, theirs, count = 1, weMayGoOn = soon, theyMayGoOn } = meeting;
    const { netstack } = this.ours;
    const playOn = (conn: TcpConn) =>
      play(conn, steps, { wait: weMayGoOn, reset: () => conn.abort() });
    const options = { steps: theirs, count };
    const ours: Promise<Outcome>[] = [];
    let playing: Playing;
    if (opener === "we") {
      playing = await this.kernel.listen(options);
      const { port } = playing;
      for (let i = 0; i < count; i++) ours.push(netstack.connect({ port }).then(playOn));
    } else {
      const port = ++this.#lastPort;
      const listener = netstack.listen({ port });
      playing = await this.kernel.connect({ hostname: OURS, port }, options);
      for (let i = 0; i < count; i++) ours.push(listener.accept().then(playOn));
      // Frees the port for nobody but the next test: connections that are accepted live on.
      Promise.all(ours).finally(() => listener.close()).catch(() => {});
    }
    if (theyMayGoOn) playing.waiting.then(theyMayGoOn).then(() => playing.goOn());
    const [ourOutcomes, theirOutcomes] = await Promise.all([Promise.all(ours), playing.outcomes]);
    return { ours: ourOutcomes, theirs: theirOutcomes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

const soon = () => Promise.resolve();
