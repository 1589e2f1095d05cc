import { checkSpec, type ServiceSpec } from "./spec.ts";
import { xmlText } from "./xml.ts";

/** What launchd knows a service by. */
export function launchdLabel(name: string): string {
  return `com.tela.${name}`;
}

/** Where the property list of a service is. */
export function launchdPlistPath(name: string): string {
  return `/Library/LaunchDaemons/${launchdLabel(name)}.plist`;
}

function entry(key: string, value: string): string {
  return `  <key>${key}</key>\n  ${value}\n`;
}

function text(value: string): string {
  return `<string>${xmlText(value)}</string>`;
}

/** The property list of a service. Spec: hub-api.md 6 (service). @throws ServiceSpecError */
export function launchdPlist(spec: ServiceSpec): string {
  checkSpec(spec);
  const { name, command, workingDir } = spec;
  const words = command.map((word) => `    ${text(word)}\n`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
${entry("Label", text(launchdLabel(name)))}${
    entry("ProgramArguments", `<array>\n${words}  </array>`)
  }${entry("WorkingDirectory", text(workingDir))}${entry("RunAtLoad", "<true/>")}${
    entry("KeepAlive", "<true/>")
  }${entry("StandardOutPath", text(`/var/log/${name}.log`))}${
    entry("StandardErrorPath", text(`/var/log/${name}.err`))
  }</dict>
</plist>
`;
}
