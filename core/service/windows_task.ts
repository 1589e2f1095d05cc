import { checkSpec, type ServiceSpec } from "./spec.ts";
import { xmlText } from "./xml.ts";

/**
 * One argument, as the C run time of Windows takes command lines apart: backslashes count before a
 * quotation mark alone.
 */
function quoted(word: string): string {
  if (word !== "" && !/[\s"]/.test(word)) return word;
  return `"${
    word.replace(/(\\*)("|$)/g, (_, slashes, end) => slashes + slashes + (end && '\\"'))
  }"`;
}

/**
 * A task of the Task Scheduler, which starts at boot as SYSTEM and begins again after a failure.
 *
 * Spec: hub-api.md 6 (service). Deviation: a task and no service, as a service must answer the Service
 * Control Manager within 30 s, for which Deno has no means; a task need not. Its shortest interval
 * before another start is a minute.
 *
 * @throws ServiceSpecError
 */
export function windowsTask(spec: ServiceSpec): string {
  checkSpec(spec);
  const { description, workingDir, command: [program = "", ...args] } = spec;
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>${xmlText(description)}</Description></RegistrationInfo>
  <Triggers><BootTrigger><Enabled>true</Enabled></BootTrigger></Triggers>
  <Principals>
    <Principal id="system"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>255</Count></RestartOnFailure>
  </Settings>
  <Actions Context="system">
    <Exec>
      <Command>${xmlText(program)}</Command>
      <Arguments>${xmlText(args.map(quoted).join(" "))}</Arguments>
      <WorkingDirectory>${xmlText(workingDir)}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
`;
}

/** As the Task Scheduler reads files: UTF-16, little-endian, with a mark. */
export function utf16(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(2 + 2 * text.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xfeff, true);
  for (let i = 0; i < text.length; i++) view.setUint16(2 + 2 * i, text.charCodeAt(i), true);
  return bytes;
}
