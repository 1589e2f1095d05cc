import type { Clock } from "../../core/clock/mod.ts";
import { fault, type Finding, ok } from "./finding.ts";
import { LIMITS_MS, within } from "./limit.ts";

/** What a hub said to an attempt at a session. */
export type SessionAttempt =
  | { readonly state: "up" }
  | { readonly state: "denied" | "failed"; readonly message: string };

/** Makes a session with the machine and ends it at once. */
export type TrySession = (signal: AbortSignal) => Promise<SessionAttempt>;

/** The one test that shows for sure that the token may connect and that the agent answers. */
export async function checkSession(trySession: TrySession, clock: Clock): Promise<Finding> {
  const outcome = await within(trySession, { limitMs: LIMITS_MS.session, clock });
  if (outcome.state === "late") {
    return fault("session", {
      code: "agent-silent",
      text: "The agent does not join a session within 3 s, though the hub holds it for online",
      next: "Look at the agent's log; if it is stuck, restart telad",
    });
  }
  if (outcome.state === "failed") throw outcome.error;
  const attempt = outcome.value;
  if (attempt.state === "up") return ok("session", "the hub and the agent grant one");
  if (attempt.state === "denied") {
    return fault("session", {
      code: "access-denied",
      text: attempt.message,
      next: "Ask an owner of the hub for the permission to connect to this machine",
    });
  }
  return fault("session", {
    code: "session-refused",
    text: attempt.message,
    next: "Look at the logs of hub and agent",
  });
}
