import { ConnectionHost } from "./connection_host.ts";
import type { Host } from "./host.ts";
import { type Script, ScriptError, type ScriptEvent } from "./script.ts";
import { StackHost } from "./stack_host.ts";
import { checksum, decodeSegment, foreignByte, formatSegment, restrict } from "./wire.ts";

/**
 * Runs a script: every segment that is sent must be expected by the next line, within its time, and
 * every line must hold.
 *
 * @throws {ScriptError} with the line that did not hold
 */
export async function runScript(script: Script): Promise<void> {
  if (!script.onStack) return await runOn(new ConnectionHost(script.options), script.events);
  const host = new StackHost(script.options);
  try {
    await runOn(host, script.events);
  } finally {
    await host.close();
  }
}

async function runOn(host: Host, events: readonly ScriptEvent[]): Promise<void> {
  for (const event of events) {
    await host.advance(event.untilMs);
    if (event.kind === "expect") {
      expectSegment(host, event);
      continue;
    }
    expectNothing(host, event);
    if (event.kind === "inject") await host.inject(event.segment, event.held);
    else if (event.kind === "call") await host.call(event);
    else if (event.kind !== "silence") await host.look(event);
  }
  expectNothing(host, events.at(-1)!);
}

function expectSegment(host: Host, event: ScriptEvent & { kind: "expect" }): void {
  const { line, segment, fromMs, untilMs } = event;
  const expected = { ports: host.bases.ports, ...segment };
  const sent = host.sent.shift();
  const wanted = formatSegment({ ...expected, absent: [] });
  if (sent === undefined) throw new ScriptError(line, `expected ${wanted}, but nothing was sent`);
  const found = restrict(decodeSegment(sent, host.bases), expected);
  if (formatSegment(found) !== wanted) {
    throw new ScriptError(
      line,
      `expected ${wanted}, but at ${sent.atMs} came ${formatSegment(found)}`,
    );
  }
  if (sent.atMs < fromMs || sent.atMs > untilMs) {
    throw new ScriptError(line, `${wanted} came at ${sent.atMs}, not from ${fromMs} to ${untilMs}`);
  }
  if (checksum(sent.bytes, host.pseudoSum) !== 0) {
    throw new ScriptError(line, `the checksum of ${wanted} is wrong`);
  }
  const wrong = foreignByte(sent, found);
  if (wrong >= 0) throw new ScriptError(line, `byte ${wrong} of ${wanted} is a foreign one`);
}

function expectNothing(host: Host, { line }: ScriptEvent): void {
  const [sent] = host.sent;
  if (sent === undefined) return;
  const text = formatSegment(decodeSegment(sent, host.bases));
  throw new ScriptError(line, `before this, at ${sent.atMs} came ${text}, which nothing expects`);
}
