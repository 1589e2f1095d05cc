import { freePort, Process, run } from "../rig/mod.ts";

/** Programs of PostgreSQL that {@linkcode Postgres} and its tests run, by name. */
export const POSTGRESQL = ["initdb", "postgres", "psql", "pgbench"] as const;

/** Whole paths of PostgreSQL's programs. */
export type PostgresPrograms = Record<typeof POSTGRESQL[number], string>;

const USER = "tela";
const PASSWORD = "through the tunnel";

/** A PostgreSQL server with a cluster of its own; as root it runs as user `postgres`. */
export class Postgres implements AsyncDisposable {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** Environment that lets `psql` and `pgbench` log in. */
  readonly clientEnvironment: Record<string, string>;
  readonly #process: Process;

  private constructor(port: number, process: Process) {
    this.port = port;
    this.#process = process;
    this.clientEnvironment = {
      PATH: Deno.env.get("PATH") ?? "",
      PGHOST: "127.0.0.1",
      PGUSER: USER,
      PGPASSWORD: PASSWORD,
      PGDATABASE: "postgres",
    };
  }

  /** Makes a cluster in `directory`, which the caller owns, and starts a server on it. */
  static async start(programs: PostgresPrograms, directory: string): Promise<Postgres> {
    const user = await serverUser();
    if (user !== undefined) await Deno.chown(directory, user.uid, user.gid);
    await Deno.writeTextFile(`${directory}/password`, PASSWORD);
    if (user !== undefined) await Deno.chown(`${directory}/password`, user.uid, user.gid);
    const data = `${directory}/data`;
    const login = ["-U", USER, "-A", "scram-sha-256", `--pwfile=${directory}/password`];
    await run({
      command: programs.initdb,
      args: ["-D", data, "-E", "UTF8", "--no-locale", "--no-sync", ...login],
      cwd: directory,
      ...(user && { user }),
    });
    const port = freePort();
    const settings = {
      listen_addresses: "127.0.0.1",
      port: String(port),
      unix_socket_directories: directory,
      fsync: "off",
    };
    const process = new Process({
      name: "postgres",
      command: programs.postgres,
      args: ["-D", data, ...Object.entries(settings).flatMap(([k, v]) => ["-c", `${k}=${v}`])],
      cwd: directory,
      ...(user && { user }),
    });
    try {
      await process.waitForLine(/ready to accept connections/);
    } catch (error) {
      await process.kill();
      throw error;
    }
    return new Postgres(port, process);
  }

  /** Stops the server without waiting for its clients. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop("SIGINT");
  }
}

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
async function serverUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (Deno.uid() !== 0) return undefined;
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (flag) =>
      Number(await run({ command: "id", args: [flag, "postgres"] }))
    ),
  );
  return { uid: uid!, gid: gid! };
}
