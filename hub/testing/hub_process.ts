import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

const TASKS = new URL("../../deno.json", import.meta.url);

/** The runtime's flags in the task `hub`: what is said of memory holds with them alone. */
async function v8Flags(): Promise<string> {
  const { tasks } = JSON.parse(await Deno.readTextFile(TASKS));
  const flags = /--v8-flags=\S+/.exec(tasks.hub);
  if (flags === null) throw new Error('Cannot find --v8-flags in the task "hub" of deno.json');
  return flags[0];
}

/** The permissions that hub/README.md lists, for a hub or a UDP host at home in `dir`. */
function permissions(dir: string, isUdpHost: boolean): string[] {
  if (isUdpHost) {
    return [
      "--allow-net",
      `--allow-read=${dir}`,
      "--allow-env=LOG_STREAM,LOG_TOKENS,TELA_HUB,TELAHUBD_UDP_HOST,TELAHUBD_UDP_PORT," +
      "TELAHUBD_UDP_RELAY_SECRET",
    ];
  }
  return [
    "--allow-net",
    `--allow-read=.,/etc/tela,${dir}/.tela/run`,
    `--allow-write=data,${dir}/.tela/run`,
    "--allow-env=HOME,LOG_STREAM,LOG_TOKENS,TELA_OWNER_TOKEN,TELAHUBD_CONFIG,TELAHUBD_NAME," +
    "TELAHUBD_PORT,TELAHUBD_PORTAL_TOKEN,TELAHUBD_PORTAL_URL,TELAHUBD_PUBLIC_URL," +
    "TELAHUBD_UDP,TELAHUBD_UDP_HOST,TELAHUBD_UDP_PORT,TELAHUBD_UDP_RELAY_SECRET,TELAHUBD_WWW_DIR",
    "--allow-sys=hostname",
  ];
}

/** Where Deno keeps packages: a process with a home of its own must not fetch them anew. */
async function denoDir(): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stdin: "null" });
  return JSON.parse(new TextDecoder().decode((await command.output()).stdout)).denoDir;
}

/** What {@linkcode HubProcess} starts. */
export interface HubProcessOptions {
  /** Arguments of `telahubd`. */
  readonly args: readonly string[];
  /** The environment besides what Deno needs. Default: empty. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A hub as users start it, with no more permissions than it needs, at home in a folder. */
export class HubProcess {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  /** All of standard error so far. */
  log: string = "";

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Starts a hub at home in `dir`. */
  static async start(dir: string, { args, env = {} }: HubProcessOptions): Promise<HubProcess> {
    const command = new Deno.Command(Deno.execPath(), {
      cwd: dir,
      env: { HOME: dir, NO_COLOR: "1", DENO_DIR: await denoDir(), ...env },
      clearEnv: true,
      args: [
        ...["run", "--quiet", "--no-prompt", await v8Flags()],
        ...permissions(dir, args[0] === "udp-relay"),
        ...[MAIN, ...args],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    return new HubProcess(command.spawn());
  }

  /** Waits until the log matches, and gives the match. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.log);
      if (match !== null) return match;
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`The hub ended without logging ${pattern}:\n${this.log}`);
      this.log += value;
    }
  }

  /** The port it listens on. */
  async port(): Promise<number> {
    return Number((await this.logged(/listening on http:\/\/0\.0\.0\.0:(\d+)\n/))[1]);
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. */
  async ended(): Promise<{ code: number; stdout: string }> {
    const stdout = new Response(this.#child.stdout).text();
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) break;
      this.log += value;
    }
    return { code: (await this.#child.status).code, stdout: await stdout };
  }
}
