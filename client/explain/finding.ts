/** What is checked, in the order in which a fault decides the verdict. */
export const CHECKS = [
  "address",
  "dns",
  "proxy",
  "tcp",
  "tls",
  "hub",
  "clock",
  "websocket",
  "token",
  "machine",
  "session",
  "udp",
  "nat",
  "mtu",
] as const;

/** One of {@linkcode CHECKS}. */
export type CheckName = typeof CHECKS[number];

/** What is wrong or worth knowing, for programs; the README says what each means. */
export type FindingCode =
  | "access-denied"
  | "agent-silent"
  | "bad-gateway"
  | "captive-portal"
  | "clock-skew"
  | "connection-cut"
  | "dns-failed"
  | "machine-offline"
  | "machine-unknown"
  | "mtu-low"
  | "mtu-unknown"
  | "nat-symmetric"
  | "nat-unknown"
  | "no-answer"
  | "not-a-hub"
  | "not-websocket"
  | "proxy-required"
  | "proxy-set"
  | "redirected"
  | "session-refused"
  | "tcp-failed"
  | "tcp-refused"
  | "tcp-timeout"
  | "tls-expired"
  | "tls-failed"
  | "tls-intercepted"
  | "tls-name-mismatch"
  | "tls-not-yet-valid"
  | "tls-untrusted"
  | "token-missing"
  | "token-refused"
  | "udp-blocked"
  | "udp-hub-silent"
  | "udp-not-offered"
  | "udp-unknown"
  | "websocket-forbidden";

/** What one check has found. */
export interface Finding {
  /** What was checked. */
  readonly check: CheckName;
  /** `note`: works, or cannot be told, and worth knowing. `skipped`: an earlier fault prevents it. */
  readonly state: "fault" | "note" | "ok" | "skipped";
  /** `ok` or `skipped` where there is nothing wrong to name. */
  readonly code: FindingCode | "ok" | "skipped";
  /** What was found, short. */
  readonly text: string;
  /** What to do about it; "" if nothing. */
  readonly next: string;
}

/** All that was found. */
export interface Report {
  /** Code of the first fault in the order of {@linkcode CHECKS}; `ok` if there is none. */
  readonly verdict: FindingCode | "ok";
  /** Text of that fault. */
  readonly text: string;
  /** What to do next; "" if nothing. */
  readonly next: string;
  /** One for each check, in their order. */
  readonly findings: readonly Finding[];
}

/** A check that found nothing wrong. */
export function ok(check: CheckName, text: string): Finding {
  return { check, state: "ok", code: "ok", text, next: "" };
}

/** A check that an earlier fault, or something missing, makes pointless. */
export function skipped(check: CheckName, text: string = "-"): Finding {
  return { check, state: "skipped", code: "skipped", text, next: "" };
}

/** What was found, its code, and what to do. */
export interface Advice {
  /** Its name for programs. */
  readonly code: FindingCode;
  /** What was found. */
  readonly text: string;
  /** What to do. */
  readonly next: string;
}

/** A check that found what keeps the tunnel from working. */
export function fault(check: CheckName, advice: Advice): Finding {
  return { check, state: "fault", ...advice };
}

/** A check that found what does not, but explains what a user may see. */
export function note(check: CheckName, advice: Advice): Finding {
  return { check, state: "note", ...advice };
}

/** Puts findings in order and lets the first fault decide. */
export function judge(findings: readonly Finding[]): Report {
  const order = (finding: Finding) => CHECKS.indexOf(finding.check);
  const sorted = findings.toSorted((a, b) => order(a) - order(b));
  const first = sorted.find(({ state }) => state === "fault");
  if (first !== undefined && first.code !== "skipped") {
    const { code, text, next } = first;
    return { verdict: code, text, next, findings: sorted };
  }
  return {
    verdict: "ok",
    text: "Nothing is wrong on the way to the hub",
    next: "",
    findings: sorted,
  };
}
