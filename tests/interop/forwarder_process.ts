import type { ForwarderOrder, ForwarderStarted } from "./forwarder_program.ts";
import { TextLineStream } from "./text_lines.ts";
import type { UdpAddress } from "./udp.ts";

const PROGRAM = new URL("forwarder_program.ts", import.meta.url).pathname;

/** A forwarder in a process of its own, with real-time priority, which takes root and `chrt`. */
export class ForwarderProcess implements AsyncDisposable {
  /** Where the first and the second peer reach it. */
  readonly addresses: readonly [UdpAddress, UdpAddress];
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, { addresses }: ForwarderStarted) {
    this.#child = child;
    this.addresses = addresses;
  }

  /** Starts it and waits until it forwards. */
  static async start(order: ForwarderOrder): Promise<ForwarderProcess> {
    // Before all other processes: what waits for the processor overflows its socket, a loss that
    // nobody ordered.
    const argv = ["run", "--no-prompt", "--unstable-net", "--allow-net", PROGRAM];
    const child = new Deno.Command("chrt", {
      args: ["--fifo", "10", Deno.execPath(), ...argv, JSON.stringify(order)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(
      new TextLineStream(),
    );
    for await (const line of lines) return new ForwarderProcess(child, JSON.parse(line));
    throw new Error("Cannot start a forwarder: it ended before it was ready");
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Fails if it has ended by itself.
    await this.#child.stdin.close().catch(() => {});
    await this.#child.status;
  }
}
