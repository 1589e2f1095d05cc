import type { RoutedDeps } from "./check_network.ts";
import { fault, type Finding, note, ok } from "./finding.ts";
import { codeOf, LIMITS_MS, type Outcome, textOf, within } from "./limit.ts";
import type { TlsFacts } from "./probes.ts";
import type { Target } from "./target.ts";

/** Names that products which open TLS connections put into the certificates they make up. */
const INTERCEPTORS = new RegExp(
  [
    "avast",
    "barracuda",
    "bitdefender",
    "blue ?coat",
    "burp",
    "charles proxy",
    "check ?point",
    "cisco umbrella",
    "eset",
    "fiddler",
    "forcepoint",
    "forti(gate|net)",
    "kaspersky",
    "mitmproxy",
    "netskope",
    "palo ?alto",
    "sophos",
    "squid",
    "watchguard",
    "zscaler",
  ].join("|"),
  "i",
);

/** The name in a distinguished name, else all of it. */
function commonName(name: string): string {
  return /(?:^|[\n,] *)CN=([^\n,]+)/.exec(name)?.[1] ?? name.replaceAll("\n", ", ");
}

function dayOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 10);
}

/** What is wrong with a certificate, whatever else is: a wrong name says more than a wrong issuer. */
function judgeCertificate(
  facts: TlsFacts,
  { host, nowMs }: { host: string; nowMs: number },
): Finding {
  const issuer = commonName(facts.issuer);
  const shown = `issued by ${issuer}, ${facts.pin}`;
  const about = `The certificate of ${host}`;
  if (!facts.matchesHost) {
    const names = facts.names === "" ? commonName(facts.subject) : facts.names;
    return fault("tls", {
      code: "tls-name-mismatch",
      text: `${about} is for ${names}; ${shown}`,
      next: "Use the name that the certificate is for, or correct the certificate or the proxy",
    });
  }
  if (nowMs > facts.validToMs) {
    return fault("tls", {
      code: "tls-expired",
      text: `${about} expired on ${dayOf(facts.validToMs)}; ${shown}`,
      next: `Renew it, unless this computer's clock, at ${dayOf(nowMs)}, is wrong`,
    });
  }
  if (nowMs < facts.validFromMs) {
    return fault("tls", {
      code: "tls-not-yet-valid",
      text: `${about} is valid from ${dayOf(facts.validFromMs)}; ${shown}`,
      next: `Set this computer's clock, which is at ${dayOf(nowMs)}`,
    });
  }
  const intercepted = INTERCEPTORS.test(facts.issuer);
  if (!facts.trusted) {
    const selfSigned = facts.issuer === facts.subject;
    return fault("tls", {
      code: intercepted ? "tls-intercepted" : "tls-untrusted",
      text: `${about} is ${selfSigned ? "self-signed" : "not trusted"} (${facts.reason}); ${shown}`,
      next: intercepted
        ? `${issuer} opens TLS connections on this network: ask for an exception for ${host}`
        : "Get a certificate that is publicly trusted, or name the authority in DENO_CERT",
    });
  }
  const text = `certificate until ${dayOf(facts.validToMs)}, ${shown}`;
  if (!intercepted) return ok("tls", text);
  return note("tls", {
    code: "tls-intercepted",
    text,
    next: `${issuer} opens TLS connections on this network and sees the token`,
  });
}

function reasonOf(outcome: Exclude<Outcome<unknown>, { state: "done" }>): string {
  if (outcome.state === "late") return "no answer within 2 s";
  const plain = codeOf(outcome.error) === "ERR_SSL_WRONG_VERSION_NUMBER";
  return plain ? "what answers does not speak TLS" : textOf(outcome.error);
}

/** Shakes hands and reads the certificate. */
export async function checkTls(
  { host, port }: Target,
  { probes, clock, remote }: RoutedDeps,
): Promise<Finding> {
  const inspect = (signal: AbortSignal) =>
    probes.inspectTls({ host: remote, port, hostname: host, signal });
  const outcome = await within(inspect, { limitMs: LIMITS_MS.tls, clock });
  if (outcome.state === "done") {
    return judgeCertificate(outcome.value, { host, nowMs: clock.wallMs() });
  }
  const why = reasonOf(outcome);
  return fault("tls", {
    code: "tls-failed",
    text: `${host} port ${port} does not complete a TLS handshake: ${why}`,
    next: "Check that this port speaks TLS; a hub without a proxy before it does not: use ws://",
  });
}
