import { formatJson, formatTable, printable } from "../../core/cli/mod.ts";
import { type HubStatus, type MachineStatus, serviceLabel } from "./hub_status.ts";

/**
 * What `tela machines` prints. Fingerprints are what the hub claims, as only a session proves them.
 *
 * Spec: client.md 1.1
 */
export function machinesView(
  { machines }: HubStatus,
  { identities = false }: { identities?: boolean } = {},
): string {
  if (machines.length === 0) return "No machines registered.\n";
  const rows = machines.map(({ id, online, services, sessionCount, claimedIdentity }) => [
    id,
    online ? "online" : "offline",
    services.map((s) => `${serviceLabel(s)}:${s.port ?? "-"}`).join(", ") || "-",
    sessionCount > 0 ? `${sessionCount} active` : "-",
    ...(identities ? [claimedIdentity || "-"] : []),
  ]);
  const headings = ["MACHINE", "STATUS", "SERVICES", "SESSION"];
  if (identities) headings.push("IDENTITY (AS THE HUB CLAIMS)");
  return formatTable({ headings, rows });
}

/** What `tela machines -json` prints: machines as the hub sent them. Spec: client.md 1.1 */
export function machinesJson({ machines, timestamp }: HubStatus): string {
  return formatJson({ machines: machines.map(({ raw }) => raw), timestamp });
}

/** A word of a command line as shells of Unix and PowerShell take it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What `tela services` prints. Spec: client.md 1.1 */
export function servicesView(machine: MachineStatus, { hubUrl }: { hubUrl: string }): string {
  const state = machine.online ? "online" : "offline";
  const title = `Machine: ${printable(machine.id)} (${state})\n`;
  if (machine.services.length === 0) return `${title}No services advertised.\n`;
  const connect = `tela connect -hub ${shellWord(hubUrl)} -machine ${shellWord(machine.id)}`;
  const rows = machine.services.map((service) => [
    String(service.port ?? "-"),
    serviceLabel(service),
    connect,
  ]);
  return title + formatTable({ headings: ["PORT", "SERVICE", "CONNECT"], rows });
}

/** What `tela status` prints of a hub. Spec: client.md 1.1 */
export function statusView(status: HubStatus, { hubUrl }: { hubUrl: string }): string {
  const { registered, online, services, sessions } = count(status);
  return `Hub:       ${hubUrl}\n` +
    `Machines:  ${registered} registered, ${online} online\n` +
    `Services:  ${services} total\n` +
    `Sessions:  ${sessions} active\n` +
    `Timestamp: ${printable(status.timestamp)}\n`;
}

function count({ machines }: HubStatus) {
  const sum = (of: (machine: MachineStatus) => number) => machines.reduce((n, m) => n + of(m), 0);
  return {
    registered: machines.length,
    online: sum(({ online }) => (online ? 1 : 0)),
    services: sum(({ services }) => services.length),
    sessions: sum(({ sessionCount }) => sessionCount),
  };
}

/** What `tela admin agent list` prints. Spec: client.md 1.3 */
export function agentsView({ machines }: HubStatus): string {
  if (machines.length === 0) return "No machines registered.\n";
  const rows = machines.map(({ id, online, agentVersion, services }) => [
    id,
    online ? "online" : "offline",
    agentVersion || "-",
    services.map(serviceLabel).join(", ") || "-",
  ]);
  return formatTable({ headings: ["MACHINE", "STATUS", "VERSION", "SERVICES"], rows });
}
