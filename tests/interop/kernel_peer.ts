import type { Order, Told } from "./kernel_program.ts";
import type { Netns } from "./netns.ts";
import type { Outcome, Step } from "./tcp_script.ts";
import { TextLineStream } from "./text_lines.ts";

const PROGRAM = new URL("kernel_program.ts", import.meta.url).pathname;

/** A script at play in the kernel's end. */
export interface Playing {
  /** Port of a listener; 0 for connections that it opens. */
  readonly port: number;
  /** What became of each connection, in the order of their ends. */
  readonly outcomes: Promise<Outcome[]>;
  /** Resolves when one of the connections waits. */
  readonly waiting: Promise<void>;
  /** Lets the connections that wait go on. */
  goOn(): Promise<void>;
}

/** What a script plays on. */
export interface PlayOptions {
  /** What each connection does. */
  steps: Step[];
  /** Connections, all at once. Default 1. */
  count?: number;
}

interface Pending {
  readonly count: number;
  readonly outcomes: Outcome[];
  readonly listening: PromiseWithResolvers<number>;
  readonly waiting: PromiseWithResolvers<void>;
  readonly done: PromiseWithResolvers<Outcome[]>;
}

/** A program inside a namespace that plays scripts over the kernel's TCP. */
export class KernelPeer implements AsyncDisposable {
  readonly #address: string;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #reading: Promise<void>;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  /** Starts it; its listeners are on `address`. */
  constructor(netns: Netns, address: string) {
    this.#address = address;
    const [program, ...args] = netns.inside(
      Deno.execPath(),
      "run",
      "--no-prompt",
      "--allow-net",
      PROGRAM,
    );
    this.#child = new Deno.Command(program!, { args, stdin: "piped", stdout: "piped" }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Opens connections to a port. */
  connect(to: { hostname: string; port: number }, options: PlayOptions): Promise<Playing> {
    return this.#order({ role: "connect", ...to }, options);
  }

  /** Listens on a port that the system picks, until all connections are accepted. */
  listen(options: PlayOptions): Promise<Playing> {
    return this.#order({ role: "listen", hostname: this.#address, port: 0 }, options);
  }

  /** Ends the program. */
  async [Symbol.asyncDispose](): Promise<void> {
    // A program that has ended by itself has closed the pipe.
    await this.#input.close().catch(() => {});
    await this.#reading;
    await this.#child.status;
  }

  async #order(
    what: Pick<Order, "role" | "hostname" | "port">,
    { steps, count = 1 }: PlayOptions,
  ): Promise<Playing> {
    const id = ++this.#lastId;
    const pending: Pending = {
      count,
      outcomes: [],
      listening: Promise.withResolvers(),
      waiting: Promise.withResolvers(),
      done: Promise.withResolvers(),
    };
    this.#pending.set(id, pending);
    await this.#write({ id, ...what, count, steps } satisfies Order);
    const port = what.role === "listen" ? await pending.listening.promise : 0;
    return {
      port,
      outcomes: pending.done.promise,
      waiting: pending.waiting.promise,
      goOn: () => this.#write({ goOn: id }),
    };
  }

  async #write(message: unknown): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  }

  async #read(): Promise<void> {
    const lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(
      new TextLineStream(),
    );
    for await (const line of lines) this.#onTold(JSON.parse(line));
    for (const pending of this.#pending.values()) {
      this.#fail(pending, "its program has ended");
    }
  }

  #onTold(told: Told): void {
    const pending = this.#pending.get(told.id)!;
    if ("listening" in told) pending.listening.resolve(told.listening);
    else if ("waiting" in told) pending.waiting.resolve();
    else if ("failed" in told) this.#fail(pending, told.failed);
    else if (pending.outcomes.push(told.outcome) === pending.count) {
      this.#pending.delete(told.id);
      pending.done.resolve(pending.outcomes);
    }
  }

  #fail({ listening, waiting, done }: Pending, why: string): void {
    for (const settled of [listening, waiting, done]) {
      settled.reject(new Error(`Cannot play in the kernel: ${why}`));
      // Nobody may wait for it.
      settled.promise.catch(() => {});
    }
  }
}
