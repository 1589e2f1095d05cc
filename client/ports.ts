import { UsageError } from "../core/cli/mod.ts";

/** One forwarded port. */
export interface Mapping {
  /** Port wanted on 127.0.0.1, 1 to 65535. */
  readonly local: number;
  /** Port of the machine, 1 to 65535. */
  readonly remote: number;
}

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/**
 * Reads the value of `-ports`: `P` or `LOCAL:REMOTE`, any number of them parted by commas. Blanks
 * around an entry and empty entries are skipped.
 *
 * Deviation: the reference reads `22x` as 22.
 *
 * Spec: client.md 2.1
 *
 * @throws {UsageError} if an entry is anything else, or there is none
 */
export function parsePorts(text: string): Mapping[] {
  const entries = text.split(",").map((entry) => entry.trim()).filter((entry) => entry !== "");
  if (entries.length === 0) throw new UsageError(`Invalid ports "${text}": must name a port`);
  return entries.map((entry) => {
    const numbers = entry.split(":").map(parsePort);
    const [local, remote = local] = numbers;
    if (
      local === undefined || remote === undefined || numbers.length > 2 ||
      numbers.includes(undefined)
    ) {
      throw new UsageError(
        `Invalid port "${entry}": must be PORT or LOCAL:REMOTE, each from 1 to 65535`,
      );
    }
    return { local, remote };
  });
}

/** The mappings without repetitions of an earlier one, in order. */
export function distinct(mappings: readonly Mapping[]): Mapping[] {
  const same = (a: Mapping, b: Mapping) => a.local === b.local && a.remote === b.remote;
  return mappings.filter((mapping, i) => mappings.findIndex((other) => same(mapping, other)) === i);
}

const LABELS: Readonly<Record<number, string>> = {
  22: "SSH",
  80: "HTTP",
  443: "HTTPS",
  3389: "RDP",
  5900: "VNC",
  8080: "HTTP",
  8443: "HTTPS",
};

/** What commonly answers on a port of a machine: `SSH`, or `port 1234`. Spec: client.md 2.2 */
export function portLabel(remote: number): string {
  return LABELS[remote] ?? `port ${remote}`;
}
