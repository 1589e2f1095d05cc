import type { Clock } from "../../core/clock/mod.ts";
import { fault, type Finding, ok } from "./finding.ts";
import { LIMITS_MS, within } from "./limit.ts";
import type { OfferedRelay } from "./target.ts";

/** What a hub said to an attempt at a session. */
export type SessionAttempt =
  | {
    readonly state: "up";
    /** Where the hub offers UDP; null if it offers none. */
    readonly udp: OfferedRelay | null;
    /** Ends the session, and with it the offer. */
    readonly end: () => void;
  }
  | { readonly state: "denied" | "failed"; readonly message: string };

/** Makes a session with the machine, which the caller ends. */
export type TrySession = (signal: AbortSignal) => Promise<SessionAttempt>;

/** The one test that shows for sure that the token may connect and that the agent answers. */
export async function checkSession(
  trySession: TrySession,
  clock: Clock,
): Promise<{ finding: Finding; udp?: OfferedRelay | null; end?: () => void }> {
  const outcome = await within(trySession, { limitMs: LIMITS_MS.session, clock });
  if (outcome.state === "late") {
    const code = "agent-silent";
    const text =
      "The agent does not join a session within 2.5 s, though the hub holds it for online";
    const next = "Look at the agent's log; if it is stuck, restart telad";
    return { finding: fault("session", { code, text, next }) };
  }
  if (outcome.state === "failed") throw outcome.error;
  const attempt = outcome.value;
  if (attempt.state === "up") {
    const { udp, end } = attempt;
    return { finding: ok("session", "the hub and the agent grant one"), udp, end };
  }
  const { state, message: text } = attempt;
  const finding = state === "denied"
    ? fault("session", {
      code: "access-denied",
      text,
      next: "Ask an owner of the hub for the permission to connect to this machine",
    })
    : fault("session", {
      code: "session-refused",
      text,
      next: "Look at the logs of hub and agent",
    });
  return { finding };
}
