import type { ServiceDescription } from "../../core/control/mod.ts";

/** A service as the hub shows it. Spec: hub-api.md 1.1 */
export interface ServiceView {
  /** 1 to 65535. */
  readonly port: number;
  /** Lower case, `tcp` if the agent said nothing. */
  readonly proto: string;
  /** The agent's name for it, or the usual name of the port. */
  readonly name: string;
  /** Free text, "" if none. */
  readonly description: string;
}

const PORT_LABELS = new Map([
  [22, "SSH"],
  [80, "HTTP"],
  [443, "HTTPS"],
  [3389, "RDP"],
  [5900, "VNC"],
  [8080, "HTTP-Alt"],
  [8443, "HTTPS-Alt"],
]);

function portLabel(port: number): string {
  return PORT_LABELS.get(port) ?? `port ${port}`;
}

/**
 * The services of a machine: those it describes, else one for each of its ports. Entries with port
 * 0 are dropped.
 *
 * Spec: wire.md 2.2 (hub-side service view)
 */
export function serviceViews(
  services: readonly ServiceDescription[] = [],
  ports: readonly number[] = [],
): ServiceView[] {
  const described = services.length > 0 ? services : ports.map((port) => ({ port }));
  return described.filter(({ port }) => port !== 0).map(
    ({ port, proto, name, description }: ServiceDescription) => ({
      port,
      proto: proto?.toLowerCase() || "tcp",
      name: name || portLabel(port),
      description: description ?? "",
    }),
  );
}

/**
 * Tells whether a list of granted names covers the service. Names are compared exactly; a service
 * that goes by the label of its port may also be granted as `port-<N>`.
 *
 * Spec: hub-api.md 1.1 (service filter, "accept either form")
 */
export function isGranted({ name, port }: ServiceView, granted: readonly string[]): boolean {
  return granted.includes(name) ||
    (name === portLabel(port) && granted.includes(`port-${port}`));
}
