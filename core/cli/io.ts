import { type Clock, systemClock } from "../clock/mod.ts";
import { PatientWriter } from "./patient_writer.ts";

/** What a command-line program has of its surroundings. */
export interface Io {
  /** Arguments after the program's name. */
  readonly args: readonly string[];
  /** An environment variable, undefined where it is not set. */
  env(name: string): string | undefined;
  /** Writes what the user asked for, as given: add the line feed. */
  stdout(text: string): void;
  /** Writes log lines, errors and help about errors, as given. */
  stderr(text: string): void;
  /** Standard input. */
  readonly stdin: ReadableStream<Uint8Array>;
  /** Whether what is typed at the terminal is hidden, and read key by key; only at a terminal. */
  hideInput(hidden: boolean): void;
  /** Whether each stream is a terminal. */
  readonly isTerminal: {
    readonly stdin: boolean;
    readonly stdout: boolean;
    readonly stderr: boolean;
  };
}

const encoder = new TextEncoder();

interface SyncWriter {
  writeSync(bytes: Uint8Array): number;
}

/** Synchronous: what was asked for is all there, or the program fails, unless its reader has left. */
function writeAll(to: SyncWriter, text: string): void {
  const bytes = encoder.encode(text);
  try {
    for (let sent = 0; sent < bytes.length;) sent += to.writeSync(bytes.subarray(sent));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** How long an end waits for a reader of what was logged who reads nothing, in ms. */
const FLUSH_PATIENCE_MS = 1000;

/** The surroundings of this process. */
export interface SystemIo extends Io {
  /** Resolves once all of standard error is written, or nobody has read it for a second. */
  flush(): Promise<void>;
}

/** The surroundings of this process; standard error never holds it up. `clock` times the wait at its end. */
export function systemIo(clock: Clock = systemClock): SystemIo {
  const log = new PatientWriter((bytes) => Deno.stderr.write(bytes));
  return {
    args: Deno.args,
    env: (name) => Deno.env.get(name),
    stdout: (text) => writeAll(Deno.stdout, text),
    stderr: (text) => log.write(text),
    stdin: Deno.stdin.readable,
    hideInput: (hidden) => Deno.stdin.setRaw(hidden),
    isTerminal: {
      stdin: Deno.stdin.isTerminal(),
      stdout: Deno.stdout.isTerminal(),
      stderr: Deno.stderr.isTerminal(),
    },
    flush: () => log.flush({ clock, patienceMs: FLUSH_PATIENCE_MS }),
  };
}

/** What {@linkcode MemoryIo} pretends. */
export interface MemoryIoOptions {
  /** Arguments after the program's name. Default: none. */
  args?: readonly string[];
  /** The whole environment. Default: empty. */
  env?: Readonly<Record<string, string>>;
  /** What is on standard input. Default: nothing. */
  stdin?: string;
  /** Whether all three streams are terminals. Default: false. */
  terminal?: boolean;
}

/** Surroundings for tests: what is written is kept. */
export class MemoryIo implements Io {
  readonly args: readonly string[];
  readonly stdin: ReadableStream<Uint8Array>;
  readonly isTerminal: Io["isTerminal"];
  /** All that was written to standard output. */
  out: string = "";
  /** All that was written to standard error. */
  err: string = "";
  /** Whether input is hidden now. */
  hidden: boolean = false;
  readonly #env: Readonly<Record<string, string>>;

  /** Starts with nothing written. */
  constructor({ args = [], env = {}, stdin = "", terminal = false }: MemoryIoOptions = {}) {
    this.args = args;
    this.#env = env;
    this.stdin = ReadableStream.from([new TextEncoder().encode(stdin)]);
    this.isTerminal = { stdin: terminal, stdout: terminal, stderr: terminal };
  }

  env(name: string): string | undefined {
    return this.#env[name];
  }

  stdout(text: string): void {
    this.out += text;
  }

  stderr(text: string): void {
    this.err += text;
  }

  hideInput(hidden: boolean): void {
    this.hidden = hidden;
  }
}
