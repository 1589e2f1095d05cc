import type { ServiceDescription } from "../core/control/mod.ts";

/** The ports to listen on: those listed, else those of the services; each once, 0 left out. */
export function derivePorts(
  ports: readonly number[],
  services: readonly ServiceDescription[],
): number[] {
  const from = ports.length > 0 ? ports : services.map(({ port }) => port);
  return [...new Set(from)].filter((port) => port !== 0);
}

/** The services to show: those listed, else one without a name for each port. */
export function deriveServices(
  ports: readonly number[],
  services: readonly ServiceDescription[],
): ServiceDescription[] {
  if (services.length > 0) return [...services];
  return derivePorts(ports, []).map((port) => ({ port, proto: "tcp" }));
}

/** What {@linkcode parsePortSpec} found. */
export interface ParsedPortSpec {
  /** In the order given, each port once. */
  readonly services: readonly ServiceDescription[];
  /** Entries that are none, as lines for the log. */
  readonly warnings: readonly string[];
}

/**
 * Parses a comma list of `port[:name[:description]]`; a description may contain colons.
 *
 * Spec: agent.md 1.3
 */
export function parsePortSpec(spec: string): ParsedPortSpec {
  const services = new Map<number, ServiceDescription>();
  const warnings: string[] = [];
  for (const entry of spec.split(",").map((part) => part.trim())) {
    if (entry === "") continue;
    const parts = entry.split(":");
    const [portText = "", name = ""] = parts.map((part) => part.trim());
    const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
    if (port < 1 || port > 65535) {
      warnings.push(`ignoring invalid port spec: ${entry}`);
      continue;
    }
    const description = parts.slice(2).join(":").trim();
    services.set(port, {
      port,
      proto: "tcp",
      ...(name === "" ? {} : { name }),
      ...(description === "" ? {} : { description }),
    });
  }
  return { services: [...services.values()], warnings };
}
