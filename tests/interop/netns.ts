/**
 * Network namespaces for tests against programs that need a kernel network of their own.
 *
 * @module
 */

import { delimiter, join } from "node:path";

const FIRST_BYTES = "10.200";
const MAX_NAMESPACES = 256;
const POLL_MS = 20;

/** What a program printed, and whether it exited with 0. */
export interface Ran {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end with the given standard input. */
export async function run(argv: readonly string[], stdin = ""): Promise<Ran> {
  const child = new Deno.Command(argv[0]!, {
    args: argv.slice(1),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // A program that ends without reading its input breaks the pipe; its exit code tells the rest.
  await writer.write(new TextEncoder().encode(stdin)).then(() => writer.close()).catch(() => {});
  const { success, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { ok: success, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** As {@linkcode run}, but @throws {Error} with what the program said unless it exits with 0. */
export async function runOk(argv: readonly string[], stdin = ""): Promise<string> {
  const ran = await run(argv, stdin);
  if (!ran.ok) throw new Error(`Cannot run ${argv.join(" ")}: ${ran.stderr.trim()}`);
  return ran.stdout;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function isOnPath(program: string): Promise<boolean> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(delimiter)) {
    if (folder !== "" && await exists(join(folder, program))) return true;
  }
  return false;
}

/**
 * Why tests with a namespace and the given programs cannot run here, or `undefined` if they can.
 * Put it into the title of a test that is ignored for it.
 */
export async function whyNoNetns(
  { programs, tun = false }: { programs: readonly string[]; tun?: boolean },
): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "needs Linux";
  for (const program of ["ip", ...programs]) {
    if (!await isOnPath(program)) return `needs the program ${program}`;
  }
  if (Deno.uid() !== 0) return "needs root";
  if (tun && !await exists("/dev/net/tun")) return "needs /dev/net/tun";
  const probe = `tela-probe-${Deno.pid}`;
  if (!(await run(["ip", "netns", "add", probe])).ok) return "needs the right to make namespaces";
  await runOk(["ip", "netns", "del", probe]);
  return undefined;
}

/** Waits until `isTrue`, polling; @throws {Error} naming `what` after `deadlineMs`. */
export async function waitUntil(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  deadlineMs = 20_000,
): Promise<void> {
  const giveUpMs = performance.now() + deadlineMs;
  while (!await isTrue()) {
    if (performance.now() > giveUpMs) {
      throw new Error(`Cannot go on: ${what} did not happen within ${deadlineMs} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * A namespace joined to the test's own by a veth pair with a /30 of 10.200.0.0/16. Dispose of it
 * with `await using`: what was started inside is killed, namespace and interfaces go.
 */
export class Netns implements AsyncDisposable {
  /** Distinguishes it from others alive on the machine, 0 to 255. */
  readonly id: number;
  /** Its name for `ip netns`. */
  readonly name: string;
  /** Address of the test's end of the pair. */
  readonly hostAddress: string;
  /** Address of the namespace's end of the pair. */
  readonly address: string;
  readonly #children: Deno.ChildProcess[] = [];

  private constructor(id: number) {
    this.id = id;
    this.name = `tela-${id}`;
    this.hostAddress = `${FIRST_BYTES}.${id}.1`;
    this.address = `${FIRST_BYTES}.${id}.2`;
  }

  /** Makes one under the first free id, so that test processes do not meet. */
  static async create(): Promise<Netns> {
    for (let i = 0; i < MAX_NAMESPACES; i++) {
      const netns = new Netns((Deno.pid + i) % MAX_NAMESPACES);
      // Adding the namespace is atomic, which makes the name the lock on the id.
      if (!(await run(["ip", "netns", "add", netns.name])).ok) continue;
      try {
        await netns.#connect();
        return netns;
      } catch (error) {
        await netns[Symbol.asyncDispose]();
        throw error;
      }
    }
    throw new Error(`Cannot make a namespace: ${MAX_NAMESPACES} are in use`);
  }

  /** `argv` as run inside. */
  inside(...argv: string[]): string[] {
    return ["ip", "netns", "exec", this.name, ...argv];
  }

  /** Starts a program inside that runs until the namespace is disposed of. */
  start(...argv: string[]): Deno.ChildProcess {
    const [program, ...args] = this.inside(...argv);
    const child = new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    })
      .spawn();
    this.#children.push(child);
    return child;
  }

  /** Kills what runs inside and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      try {
        child.kill("SIGKILL");
      } catch (error) {
        // It has ended by itself.
        if (!(error instanceof TypeError)) throw error;
      }
      await child.status;
    }
    // Either fails where `create` failed before making it.
    await run(["ip", "link", "del", this.#hostLink]);
    await run(["ip", "netns", "del", this.name]);
  }

  get #hostLink(): string {
    return `tela${this.id}h`;
  }

  async #connect(): Promise<void> {
    const inner = `tela${this.id}n`;
    const ip = (...args: string[]) => runOk(["ip", ...args]);
    await ip("link", "add", this.#hostLink, "type", "veth", "peer", inner, "netns", this.name);
    await ip("addr", "add", `${this.hostAddress}/30`, "dev", this.#hostLink);
    await ip("link", "set", this.#hostLink, "up");
    await ip("-n", this.name, "addr", "add", `${this.address}/30`, "dev", inner);
    await ip("-n", this.name, "link", "set", inner, "up");
    await ip("-n", this.name, "link", "set", "lo", "up");
  }
}
