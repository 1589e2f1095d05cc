/**
 * `tela explain` as a user runs it, over fakes as far as they are given.
 *
 * @module
 */

import { command, MemoryIo, run } from "../../core/cli/mod.ts";
import { ManualClock } from "../../core/clock/mod.ts";
import { type Endpoint, makeEndpoint } from "../../core/endpoint/mod.ts";
import { answerBindingRequest } from "../../core/stun/mod.ts";
import type { SessionAttempt } from "./check_session.ts";
import { explainCommand } from "./explain_command.ts";
import type { Finding, Report } from "./finding.ts";
import type { Probes } from "./probes.ts";
import type { NamedServer } from "./target.ts";
import { systemProbes } from "./system_probes.ts";

/** Address of us that servers see, and its port. */
export const SEEN: Endpoint = makeEndpoint("203.0.113.9", 40_001)!;

/** What becomes of a datagram of a size to a server: our endpoint as it sees it, or nothing. */
export type FakeNetwork = (to: Endpoint, lenBytes: number) => Endpoint | undefined;

/** Token of the relay of {@linkcode granted}. */
export const RELAY_TOKEN: Uint8Array = new TextEncoder().encode("01234567");

/** A session with a hub that offers UDP there, or nowhere. */
export function granted(udp: NamedServer | null, end: () => void = () => {}): SessionAttempt {
  return { state: "up", udp: udp && { ...udp, token: RELAY_TOKEN }, end };
}

/** The answer of a relay to its question; undefined if that is none. */
function relayAnswer(bytes: Uint8Array): Uint8Array | undefined {
  const text = new TextDecoder().decode(bytes);
  return text === "01234567PROBE" ? new TextEncoder().encode("01234567READY") : undefined;
}

/** A UDP socket behind a fake network, where every server is a relay as well. */
export function fakeUdp(network: FakeNetwork): Probes["openUdp"] {
  return (onDatagram) =>
    Promise.resolve({
      localPort: 40_001,
      close() {},
      send(bytes, to) {
        const seen = network(to, bytes.length);
        if (seen === undefined) return;
        const answer = relayAnswer(bytes) ?? answerBindingRequest(bytes, seen);
        if (typeof answer !== "string") queueMicrotask(() => onDatagram(answer, to));
      },
    });
}

/** What a run differs in from one where all is well. */
export interface RigOptions {
  /** Arguments behind `explain`, in one line. */
  line: string;
  /** Replaces some of the network. */
  probes?: Partial<Probes>;
  /** Certificate of an authority to trust. */
  ca?: string;
  /** Environment. */
  env?: Record<string, string>;
  /** What comes of a session. */
  session?: (signal: AbortSignal) => Promise<SessionAttempt>;
  /** Is given the clock of the run. */
  onClock?: (clock: ManualClock) => void;
  /** Wall time, milliseconds ahead of the real one. */
  aheadMs?: number;
  /** Lets time pass as soon as nothing else happens; only where no real socket is waited for. */
  hurry?: boolean;
}

/** What a run printed. */
export interface RigResult {
  readonly code: number;
  readonly report: Report;
  /** The finding of a check. */
  readonly finding: (check: string) => Finding;
  readonly err: string;
  /** Time that passed, milliseconds. */
  readonly passedMs: number;
  readonly clock: ManualClock;
}

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** Runs `tela explain … -json`; names ending in `.test` are this machine. */
export async function explainRig(options: RigOptions): Promise<RigResult> {
  const { line, probes, ca, env = {}, session, aheadMs = 0, hurry = false } = options;
  const clock = new ManualClock(Date.now() + aheadMs);
  options.onClock?.(clock);
  let id = 0;
  const explain = explainCommand({
    clock,
    random: (out) => void out.fill(++id),
    storedToken: () => Promise.resolve(""),
    probes: {
      ...systemProbes(ca === undefined ? {} : { ca }),
      resolve: () => Promise.resolve(["127.0.0.1"]),
      openUdp: fakeUdp(() => SEEN),
      ...probes,
    },
    trySession: (_target, signal) =>
      session?.(signal) ?? Promise.resolve(granted({ host: "", port: 41_820 })),
  });
  const program = command({ name: "tela", summary: "", commands: [explain] });
  const io = new MemoryIo({ args: `explain -json ${line}`.split(" "), env });
  let ended = false;
  const running = run(program, io).finally(() => ended = true);
  while (hurry && !ended) {
    await settle();
    const nextMs = clock.nextTimerMs();
    if (!ended && nextMs < Infinity) clock.advance(nextMs - clock.nowMs());
  }
  const code = await running;
  const report: Report = JSON.parse(io.out || "{}");
  const finding = (check: string) => report.findings.find((found) => found.check === check)!;
  return { code, report, finding, err: io.err, passedMs: clock.nowMs(), clock };
}
