import { type UntilOptions, within } from "./until.ts";

/** Lines kept of one process; the oldest are dropped first. */
const MAX_LINES = 20_000;

/** How long a process may take to leave after it was asked to, on a busy machine. */
const STOP_MS = 30_000;

/** What to start, and where. */
export interface ProcessOptions {
  /** What reports and errors call it. */
  name: string;
  /** Program to run: a path, or a name looked up in `PATH`. */
  command: string;
  /** Its arguments, none of them interpreted by a shell. */
  args: string[];
  /** Working directory. Default: that of this process. */
  cwd?: string;
  /** The whole environment of the process. Default: the same as this process. */
  env?: Record<string, string>;
  /** User to run as; this process must be root. Default: the same user. */
  user?: { uid: number; gid: number };
}

/** Where to look in the output of a process. */
export interface WaitOptions {
  /** Line number to start at, from {@linkcode Process.mark}. Default 0, the first. */
  from?: number;
  /** Which matching line from there on, counted from 1. Default 1. */
  nth?: number;
  /** Milliseconds before giving up. Default 30,000. */
  deadlineMs?: number;
}

/**
 * A child process with its output split into lines, both streams together in the order of arrival.
 * Whoever starts one disposes of it; disposing asks it to stop, then kills it, and always reaps it.
 */
export class Process implements AsyncDisposable {
  /** What reports and errors call it. */
  readonly name: string;
  /** Resolves once the process has ended and all its output has been read. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #lines: string[] = [];
  readonly #stdout: string[] = [];
  #dropped = 0;
  #wake = Promise.withResolvers<void>();
  #status?: Deno.CommandStatus;

  /** Starts the process. @throws {Deno.errors.NotFound} when there is no such program. */
  constructor({ name, command, args, cwd, env, user }: ProcessOptions) {
    this.name = name;
    this.#child = new Deno.Command(command, {
      args,
      cwd,
      env,
      clearEnv: env !== undefined,
      ...user,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.ended = this.#follow();
  }

  /** Process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** How it ended, or undefined while it runs. */
  get status(): Deno.CommandStatus | undefined {
    return this.#status;
  }

  /** Everything it wrote to standard output so far. */
  get stdout(): string {
    return this.#stdout.map((line) => line + "\n").join("");
  }

  /** Everything it wrote so far, both streams. */
  get output(): string {
    return this.#lines.map((line) => line + "\n").join("");
  }

  /** The last `count` lines it wrote. */
  tail(count: number): string[] {
    return this.#lines.slice(-count);
  }

  /** Number of lines written so far: a place to wait from. */
  mark(): number {
    return this.#dropped + this.#lines.length;
  }

  /**
   * The first (or `nth`) match of `pattern` in a line, written already or yet to come.
   *
   * @throws {Error} when the process ends or the deadline passes first, with its last lines.
   */
  async waitForLine(
    pattern: RegExp,
    { from = 0, nth = 1, deadlineMs }: WaitOptions = {},
  ): Promise<RegExpExecArray> {
    const what = `a line like ${pattern} from ${this.name}`;
    const options: UntilOptions = deadlineMs === undefined ? { what } : { what, deadlineMs };
    try {
      return await within(this.#find(pattern, { from, nth }), options);
    } catch (error) {
      const last = this.tail(20).map((line) => `\n  ${line}`).join("");
      throw new Error(`${error instanceof Error ? error.message : error}${last}`);
    }
  }

  /** Sends a signal; harmless once the process has ended. */
  signal(name: Deno.Signal): void {
    if (this.#status !== undefined) return;
    try {
      this.#child.kill(name);
    } catch (error) {
      // It may have ended in the meantime, which no one has told us yet.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Ends the process as a crash would, and reaps it. */
  kill(): Promise<Deno.CommandStatus> {
    this.signal("SIGKILL");
    return this.ended;
  }

  /** Asks the process to end, kills it if it does not within 30 s, and reaps it. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal("SIGKILL"), STOP_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Stops the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #follow(): Promise<Deno.CommandStatus> {
    await Promise.all([
      this.#collect(this.#child.stdout, (line) => this.#stdout.push(line)),
      this.#collect(this.#child.stderr, () => {}),
    ]);
    this.#status = await this.#child.status;
    this.#wake.resolve();
    return this.#status;
  }

  async #collect(stream: ReadableStream<Uint8Array>, also: (line: string) => void): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      for (const line of parts) this.#add(line, also);
    }
    if (rest !== "") this.#add(rest, also);
  }

  #add(line: string, also: (line: string) => void): void {
    this.#lines.push(line);
    also(line);
    if (this.#lines.length > MAX_LINES) {
      this.#lines.shift();
      this.#dropped++;
    }
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  async #find(
    pattern: RegExp,
    { from, nth }: { from: number; nth: number },
  ): Promise<RegExpExecArray> {
    let left = nth;
    for (let next = from;; next++) {
      while (next >= this.mark()) {
        if (this.#status !== undefined) {
          throw new Error(
            `Waited in vain for a line like ${pattern}: ${this.name} ended with ` +
              `${this.#status.signal ?? `code ${this.#status.code}`}`,
          );
        }
        await this.#wake.promise;
      }
      // A line that was dropped before it could be looked at is gone: go on with the oldest kept.
      next = Math.max(next, this.#dropped);
      const match = pattern.exec(this.#lines[next - this.#dropped]!);
      if (match !== null && --left === 0) return match;
    }
  }
}

/** Options of {@linkcode run}. */
export interface RunOptions extends Omit<ProcessOptions, "name"> {
  /** Milliseconds before the program is killed. Default 120,000. */
  deadlineMs?: number;
}

/**
 * Runs a program to its end and returns its standard output.
 *
 * @throws {Error} when it fails or does not end in time, with its last lines.
 */
export async function run({ deadlineMs = 120_000, ...options }: RunOptions): Promise<string> {
  await using process = new Process({ ...options, name: options.command });
  const status = await within(process.ended, { what: `the end of ${process.name}`, deadlineMs });
  if (!status.success) {
    const last = process.tail(20).map((line) => `\n  ${line}`).join("");
    throw new Error(`Cannot run ${process.name}: it ended with code ${status.code}${last}`);
  }
  return process.stdout;
}

/** Memory of a process that is in RAM now; undefined where the system has no `/proc` to tell. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
