import { checkSpec, type ServiceSpec } from "./spec.ts";

/** Specifiers begin with a percent sign. Spec: systemd.unit(5) */
function literal(text: string): string {
  return text.replaceAll("%", "%%");
}

/** One word of a command line. Spec: systemd.service(5), "Command lines" */
function quoted(word: string): string {
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("$", "$$$$");
  return `"${literal(escaped)}"`;
}

/** Where the unit of a service is. */
export function systemdUnitPath(name: string): string {
  return `/etc/systemd/system/${name}.service`;
}

/** The unit of a service. Spec: hub-api.md 6 (service). @throws ServiceSpecError */
export function systemdUnit(spec: ServiceSpec): string {
  checkSpec(spec);
  const { name, description, command, workingDir } = spec;
  return `[Unit]
Description=${literal(description)}
After=network-online.target
Wants=network-online.target

[Service]
Type=simple
ExecStart=${command.map(quoted).join(" ")}
WorkingDirectory=${literal(workingDir)}
Restart=on-failure
RestartSec=5
StandardOutput=journal
StandardError=journal
SyslogIdentifier=${name}

[Install]
WantedBy=multi-user.target
`;
}
