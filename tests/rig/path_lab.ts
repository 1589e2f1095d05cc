import { untilTunnel } from "./client_status.ts";
import { Fabric } from "./fabric.ts";
import { Middlebox } from "./middlebox.ts";

/** Makes the WebSocket so much slower than UDP that nobody doubts which is better. */
const SLOW_TCP_MS = 15;

/** Options of {@linkcode PathLab.start}. */
export interface PathLabOptions {
  /** Port of the service that the agent forwards. */
  targetPort: number;
  /** Paths that both may send by. */
  paths: string;
  /** Files of the tree that run in place of `telad` and `tela`. Default: none. */
  scripts?: { agent?: string; client?: string };
}

/** A fabric whose agent and client reach the hub through a middlebox each. */
export class PathLab implements AsyncDisposable {
  /** The programs. */
  readonly fabric: Fabric;
  /** What is between agent and hub. */
  readonly agentBox: Middlebox;
  /** What is between client and hub. */
  readonly clientBox: Middlebox;
  readonly #stack: AsyncDisposableStack;

  private constructor(stack: AsyncDisposableStack, fabric: Fabric) {
    this.#stack = stack;
    this.fabric = stack.use(fabric);
    this.agentBox = stack.use(new Middlebox(() => fabric.hubPort));
    this.clientBox = stack.use(new Middlebox(() => fabric.hubPort));
  }

  /** Starts everything, and waits until the client's local port is bound. */
  static async start({ targetPort, paths, scripts = {} }: PathLabOptions): Promise<PathLab> {
    const lab = new PathLab(new AsyncDisposableStack(), await Fabric.create());
    const { fabric, agentBox, clientBox } = lab;
    const flags = ["-paths", paths];
    fabric.scripts = scripts;
    try {
      await fabric.startHub();
      fabric.hubUrlForPeers = agentBox.url;
      await fabric.startAgent([targetPort], flags);
      fabric.hubUrlForPeers = clientBox.url;
      await fabric.startClient([targetPort], flags);
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Makes the WebSocket slow, and waits until the client sends by UDP through the hub. */
  async moveToUdp(): Promise<void> {
    this.agentBox.tcpDelayMs = this.clientBox.tcpDelayMs = SLOW_TCP_MS;
    await this.sendingBy("udp-relay");
  }

  /** Waits until the client sends by `path`. */
  async sendingBy(path: string): Promise<void> {
    await untilTunnel(this.fabric, { what: `sending by ${path}`, isSo: (t) => t.path === path });
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
