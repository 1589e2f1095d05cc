import { launchdLabel, launchdPlist, launchdPlistPath } from "./launchd.ts";
import type { ServiceSpec } from "./spec.ts";
import { systemdUnit, systemdUnitPath } from "./systemd.ts";
import { utf16, windowsTask } from "./windows_task.ts";

/** What a program that was run has said. */
export interface RunResult {
  /** Exit code. */
  readonly code: number;
  /** Standard output. */
  readonly stdout: string;
  /** Standard error. */
  readonly stderr: string;
}

/** What a service manager is reached by. */
export interface ServiceHost {
  /** Operating system, as `Deno.build.os`. */
  readonly os: typeof Deno.build.os;
  /** Runs a program; its first word is looked up in `PATH`. */
  run(command: readonly string[]): Promise<RunResult>;
  /** Tells whether a file exists. */
  exists(path: string): Promise<boolean>;
  /** Writes a file that everybody may read. */
  write(path: string, content: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Removes a file. */
  remove(path: string): Promise<void>;
  /** Makes the path of a file that is written, used and removed. */
  temporary(): Promise<string>;
}

/** How a service is. */
export interface ServiceStatus {
  /** Whether the service manager knows it. */
  readonly installed: boolean;
  /** Whether it runs now. */
  readonly running: boolean;
  /** In the words of the service manager. */
  readonly status: string;
}

/** A service manager that refuses; the message has what it said. */
export class ServiceError extends Error {
  /** Names the class. */
  override readonly name: string = "ServiceError";
}

/** Installs, starts and stops one service. */
export interface ServiceManager {
  /** Registers it for the next boot. @throws ServiceError, ServiceSpecError */
  install(spec: ServiceSpec): Promise<void>;
  /** Stops it, and takes it from the service manager. @throws ServiceError */
  uninstall(): Promise<void>;
  /** Starts it now. @throws ServiceError */
  start(): Promise<void>;
  /** Stops it until the next boot or start. @throws ServiceError */
  stop(): Promise<void>;
  /** How it is now. @throws ServiceError if the service manager cannot be asked */
  status(): Promise<ServiceStatus>;
}

const NOT_INSTALLED: ServiceStatus = { installed: false, running: false, status: "not installed" };

async function must(host: ServiceHost, command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await host.run(command);
  if (code === 0) return stdout;
  const why = (stderr.trim() || stdout.trim() || `exit code ${code}`).split("\n")[0];
  const hint = "does this user have the right to manage services?";
  throw new ServiceError(`Cannot run ${command.join(" ")}: ${why}; ${hint}`);
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

class Systemd implements ServiceManager {
  constructor(readonly host: ServiceHost, readonly name: string) {}

  async install(spec: ServiceSpec): Promise<void> {
    await this.host.write(systemdUnitPath(this.name), bytesOf(systemdUnit(spec)));
    await must(this.host, ["systemctl", "daemon-reload"]);
    await must(this.host, ["systemctl", "enable", this.name]);
  }

  async uninstall(): Promise<void> {
    await must(this.host, ["systemctl", "disable", "--now", this.name]);
    await this.host.remove(systemdUnitPath(this.name));
    await must(this.host, ["systemctl", "daemon-reload"]);
  }

  async start(): Promise<void> {
    await must(this.host, ["systemctl", "start", this.name]);
  }

  async stop(): Promise<void> {
    await must(this.host, ["systemctl", "stop", this.name]);
  }

  async status(): Promise<ServiceStatus> {
    if (!await this.host.exists(systemdUnitPath(this.name))) return NOT_INSTALLED;
    // The exit code tells of the state too, so that only an empty answer is a failure.
    const { stdout, stderr } = await this.host.run(["systemctl", "is-active", this.name]);
    const status = stdout.trim();
    if (status === "") throw new ServiceError(`Cannot ask systemd: ${stderr.trim()}`);
    return { installed: true, running: status === "active", status };
  }
}

class Launchd implements ServiceManager {
  constructor(readonly host: ServiceHost, readonly name: string) {}

  async install(spec: ServiceSpec): Promise<void> {
    await this.host.write(launchdPlistPath(this.name), bytesOf(launchdPlist(spec)));
    await this.start();
  }

  async uninstall(): Promise<void> {
    if ((await this.status()).running) await this.stop();
    await this.host.remove(launchdPlistPath(this.name));
  }

  async start(): Promise<void> {
    await must(this.host, ["launchctl", "load", "-w", launchdPlistPath(this.name)]);
  }

  async stop(): Promise<void> {
    await must(this.host, ["launchctl", "unload", launchdPlistPath(this.name)]);
  }

  async status(): Promise<ServiceStatus> {
    if (!await this.host.exists(launchdPlistPath(this.name))) return NOT_INSTALLED;
    const { code, stdout } = await this.host.run(["launchctl", "list", launchdLabel(this.name)]);
    const pid = /"PID" = (\d+);/.exec(stdout)?.[1];
    const status = code !== 0 ? "not loaded" : pid === undefined ? "loaded" : `running, pid ${pid}`;
    return { installed: true, running: pid !== undefined, status };
  }
}

class TaskScheduler implements ServiceManager {
  constructor(readonly host: ServiceHost, readonly name: string) {}

  async install(spec: ServiceSpec): Promise<void> {
    const path = await this.host.temporary();
    try {
      await this.host.write(path, utf16(windowsTask(spec)));
      await must(this.host, ["schtasks", "/Create", "/TN", this.name, "/XML", path]);
    } finally {
      await this.host.remove(path);
    }
  }

  async uninstall(): Promise<void> {
    if ((await this.status()).running) await this.stop();
    await must(this.host, ["schtasks", "/Delete", "/TN", this.name, "/F"]);
  }

  async start(): Promise<void> {
    await must(this.host, ["schtasks", "/Run", "/TN", this.name]);
  }

  async stop(): Promise<void> {
    await must(this.host, ["schtasks", "/End", "/TN", this.name]);
  }

  async status(): Promise<ServiceStatus> {
    const { code } = await this.host.run(["schtasks", "/Query", "/TN", this.name]);
    if (code !== 0) return NOT_INSTALLED;
    // What schtasks prints is translated, this is not.
    const script = `(Get-ScheduledTask -TaskName '${this.name}').State`;
    const state = await must(this.host, ["powershell", "-NoProfile", "-Command", script]);
    const status = state.trim();
    return { installed: true, running: status === "Running", status: status.toLowerCase() };
  }
}

/**
 * The service manager of a machine, for one service.
 *
 * @param name as in {@linkcode ServiceSpec}
 * @throws ServiceError where there is none that is known
 */
export function serviceManager(
  name: string,
  { host }: { readonly host: ServiceHost },
): ServiceManager {
  switch (host.os) {
    case "linux":
      return new Systemd(host, name);
    case "darwin":
      return new Launchd(host, name);
    case "windows":
      return new TaskScheduler(host, name);
    default:
      throw new ServiceError(
        `Cannot manage services on ${host.os}: start the program by other means`,
      );
  }
}
