import { freePort, Process, run } from "../rig/mod.ts";

/** Programs of OpenSSH that {@linkcode Sshd} and its tests run, by name. */
export const OPENSSH = ["sshd", "ssh", "scp", "ssh-keygen"] as const;

/** Whole paths of OpenSSH's programs. */
export type OpenSsh = Record<typeof OPENSSH[number], string>;

/** An OpenSSH server of our own, with keys made for it, that touches no configuration of the machine. */
export class Sshd implements AsyncDisposable {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** Options that make `ssh` and `scp` trust this server only, log in, and ask nothing. */
  readonly clientOptions: string[];
  readonly #process: Process;

  private constructor(port: number, directory: string, process: Process) {
    this.port = port;
    this.#process = process;
    this.clientOptions = [
      ...["-F", "none", "-i", `${directory}/user_key`],
      ...["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes"],
      ...["-o", "HostKeyAlias=barn", "-o", `UserKnownHostsFile=${directory}/known_hosts`],
    ];
  }

  /** Makes keys in `directory`, which the caller owns, and starts the server there. */
  static async start(programs: OpenSsh, directory: string): Promise<Sshd> {
    for (const key of ["host_key", "user_key"]) {
      await run({
        command: programs["ssh-keygen"],
        args: ["-q", "-t", "ed25519", "-N", "", "-f", `${directory}/${key}`],
      });
    }
    const hostKey = await Deno.readTextFile(`${directory}/host_key.pub`);
    await Deno.writeTextFile(`${directory}/known_hosts`, `barn ${hostKey}`);
    const port = freePort();
    await Deno.writeTextFile(`${directory}/sshd_config`, configuration(port, directory));
    // What the packaged service does too: as root, sshd insists on its empty run directory.
    if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
    const process = new Process({
      name: "sshd",
      command: programs.sshd,
      args: ["-D", "-e", "-f", `${directory}/sshd_config`],
    });
    try {
      await process.waitForLine(/Server listening on/);
    } catch (error) {
      await process.kill();
      throw error;
    }
    return new Sshd(port, directory, process);
  }

  /** Stops the server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}

function configuration(port: number, directory: string): string {
  return [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${directory}/host_key`,
    `AuthorizedKeysFile ${directory}/user_key.pub`,
    "PidFile none",
    "UsePAM no",
    "StrictModes no",
    "PasswordAuthentication no",
    "PermitRootLogin prohibit-password",
    "Subsystem sftp internal-sftp",
    "",
  ].join("\n");
}
