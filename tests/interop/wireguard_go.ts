import { Buffer } from "node:buffer";
import { type Netns, runOk, waitUntil } from "./netns.ts";

/** UDP port that every wireguard-go listens on, in a namespace of its own. */
export const WIREGUARD_PORT = 51_820;

/** Options of {@linkcode WireGuardGo.start}. */
export interface WireGuardGoOptions {
  /** X25519 private key, 32 bytes. */
  privateKey: Uint8Array;
  /** The one peer. */
  peer: WireGuardGoPeer;
  /** Inner address; the peer's is in the same /24. */
  innerAddress: string;
  /** MTU of the inner link in bytes. */
  mtuBytes: number;
}

/** What wireguard-go knows of its peer. */
export interface WireGuardGoPeer {
  /** X25519 public key, 32 bytes. */
  publicKey: Uint8Array;
  /** Inner address. */
  innerAddress: string;
  /** Address and port where it is reached. */
  endpoint: string;
  /** Preshared key, 32 bytes. Default none. */
  presharedKey?: Uint8Array | undefined;
}

const base64 = (key: Uint8Array) => Buffer.from(key).toString("base64");

function configOf({ privateKey, peer }: WireGuardGoOptions): string {
  const lines = [
    "[Interface]",
    `PrivateKey = ${base64(privateKey)}`,
    `ListenPort = ${WIREGUARD_PORT}`,
    "[Peer]",
    `PublicKey = ${base64(peer.publicKey)}`,
    `AllowedIPs = ${peer.innerAddress}/32`,
    `Endpoint = ${peer.endpoint}`,
  ];
  if (peer.presharedKey) lines.push(`PresharedKey = ${base64(peer.presharedKey)}`);
  return lines.join("\n");
}

/** Debian's `wireguard-go` with a TUN device of a namespace; the program ends with the namespace. */
export class WireGuardGo implements AsyncDisposable {
  /** Where it lives. */
  readonly netns: Netns;
  readonly #config: string;
  #program: Deno.ChildProcess | undefined;

  private constructor(netns: Netns, config: string) {
    this.netns = netns;
    this.#config = config;
  }

  /** Starts it and waits until its link is up. */
  static async start(netns: Netns, options: WireGuardGoOptions): Promise<WireGuardGo> {
    const go = new WireGuardGo(netns, configOf(options));
    await go.#removeControlSocket();
    go.#program = netns.start("wireguard-go", "--foreground", go.link);
    await waitUntil(
      "wireguard-go's control socket",
      () => Deno.lstat(go.#controlSocket).then((info) => info.isSocket === true, () => false),
    );
    await go.configure();
    const ip = (...args: string[]) => runOk(["ip", "-n", netns.name, ...args]);
    await ip("addr", "add", `${options.innerAddress}/24`, "dev", go.link);
    await ip("link", "set", go.link, "mtu", `${options.mtuBytes}`, "up");
    return go;
  }

  /** Name of its link. The control socket is named after it and all namespaces share its folder. */
  get link(): string {
    return `telawg${this.netns.id}`;
  }

  /** Gives it its keys, its peer and its port, again if need be. */
  async configure(): Promise<void> {
    await runOk(this.netns.inside("wg", "setconf", this.link, "/dev/stdin"), this.#config);
  }

  /** Changes the MTU of the inner link, from which the kernel's MSS follows. */
  async setMtu(mtuBytes: number): Promise<void> {
    await runOk(["ip", "-n", this.netns.name, "link", "set", this.link, "mtu", `${mtuBytes}`]);
  }

  /**
   * Chooses the congestion control of the kernel's TCP over the link. By its route: a namespace may
   * not choose among all by its settings.
   */
  async setCongestionControl(name: string): Promise<void> {
    const ip = (...args: string[]) => runOk(["ip", "-n", this.netns.name, "route", ...args]);
    const [route] = (await ip("show", "dev", this.link)).split("\n");
    await ip("replace", ...route!.trim().split(/ +/), "dev", this.link, "congctl", name);
  }

  /** Runs `wg` inside. */
  wg(...args: string[]): Promise<string> {
    return runOk(this.netns.inside("wg", ...args));
  }

  /** Stops it from running: what is sent to it waits in its socket. */
  pause(): void {
    this.#program!.kill("SIGSTOP");
  }

  /** Lets it run again. */
  resume(): void {
    this.#program!.kill("SIGCONT");
  }

  /** Removes what the program leaves behind when it is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#removeControlSocket();
  }

  get #controlSocket(): string {
    return `/var/run/wireguard/${this.link}.sock`;
  }

  async #removeControlSocket(): Promise<void> {
    try {
      await Deno.remove(this.#controlSocket);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
