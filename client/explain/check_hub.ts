import type { RoutedDeps } from "./check_network.ts";
import { fault, type Finding, ok } from "./finding.ts";
import { codeOf, LIMITS_MS, type Outcome, textOf, within } from "./limit.ts";
import type { HttpAnswer } from "./probes.ts";
import type { Target } from "./target.ts";

/** A difference beyond this makes tokens expire early or late. */
const MAX_SKEW_MS = 120_000;

/** The `Date` header counts whole seconds. */
const DATE_STEP_MS = 1000;

/** Who answers, as far as that is said: ` (nginx)`. */
export function serverName(headers: Readonly<Record<string, string>>): string {
  return headers.server === undefined ? "" : ` (${headers.server})`;
}

/** A finding where there was no HTTP answer at all. */
export function noAnswer(
  check: "hub" | "token" | "websocket",
  outcome: Exclude<Outcome<unknown>, { state: "done" }>,
): Finding {
  const next = "Look at the hub's log, and at that of a proxy before it";
  if (outcome.state === "late") {
    return fault(check, { code: "no-answer", text: "No HTTP answer within 2 s", next });
  }
  if (codeOf(outcome.error).startsWith("HPE_")) {
    const text = "What answers does not speak HTTP, so it is not a Tela hub";
    return fault(check, { code: "not-a-hub", text, next: "Check the address and its port" });
  }
  const text = `The connection was cut before an answer: ${textOf(outcome.error)}`;
  return fault(check, { code: "connection-cut", text, next });
}

/** What stands in the way where the status alone says so: redirects, proxies, a hub that is down. */
export function judgeStatus(
  check: "hub" | "token" | "websocket",
  { status, headers, host }: Omit<HttpAnswer, "body"> & { host: string },
): Finding | undefined {
  const who = serverName(headers);
  if (status === 407 || status === 511) {
    return fault(check, {
      code: "captive-portal",
      text: `A proxy on the way answers HTTP ${status}${who}: it wants a login`,
      next: "Open any web page in a browser and log in to the network, then try again",
    });
  }
  if (status >= 300 && status < 400) {
    const target = URL.parse(headers.location ?? "")?.host ?? "";
    const elsewhere = target !== "" && URL.parse(`http://${target}`)?.hostname !== host;
    return fault(check, {
      code: elsewhere ? "captive-portal" : "redirected",
      text: `HTTP ${status}${who} sends on to ${headers.location ?? "nowhere"}`,
      next: elsewhere
        ? "If that is a login page of this network, log in with a browser, then try again"
        : "Use the address it sends on to; over TLS it begins with wss://",
    });
  }
  if (status < 500) return undefined;
  return fault(check, {
    code: "bad-gateway",
    text: `HTTP ${status}${who}: what answers cannot reach the hub, or fails`,
    next: "Check that the hub runs and that the proxy before it names its port",
  });
}

/** The protocol version in a hub's document; undefined if it is none. */
function protocolOf(body: string): string | undefined {
  try {
    const { protocolVersion } = Object(JSON.parse(body));
    return typeof protocolVersion === "string" ? protocolVersion : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function judgeHub(answer: HttpAnswer, { host, hub }: Target): Finding {
  const protocol = answer.status === 200 ? protocolOf(answer.body) : undefined;
  if (protocol !== undefined) return ok("hub", `a Tela hub, protocol ${protocol}`);
  const judged = judgeStatus("hub", { ...answer, host });
  if (judged !== undefined) return judged;
  const isPage = /html/i.test(answer.headers["content-type"] ?? "");
  const what = isPage ? "a web page" : `HTTP ${answer.status}`;
  return fault("hub", {
    code: "not-a-hub",
    text: `What answers at ${hub.httpUrl} is not a Tela hub: it sends ${what}${
      serverName(answer.headers)
    }`,
    next:
      "Check the address and its path; a proxy or a network's login page may answer in its place",
  });
}

/** The clock of the hub against ours, halfway between question and answer. */
function judgeClock(
  date: string | undefined,
  { sentMs, receivedMs }: { sentMs: number; receivedMs: number },
): Finding {
  const hubMs = date === undefined ? NaN : Date.parse(date);
  if (Number.isNaN(hubMs)) return ok("clock", "the hub does not tell its time");
  const skewMs = (sentMs + receivedMs) / 2 - (hubMs + DATE_STEP_MS / 2);
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const uncertainMs = (receivedMs - sentMs + DATE_STEP_MS) / 2;
  if (Math.abs(skewMs) - uncertainMs <= MAX_SKEW_MS) {
    return ok(
      "clock",
      Math.abs(skewMs) <= uncertainMs ? "agrees with the hub's" : `${seconds} s off`,
    );
  }
  return fault("clock", {
    code: "clock-skew",
    text: `This computer's clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} the hub's`,
    next: "Set the wrong one of the two, best by a time service",
  });
}

/** Asks for the hub's discovery document, and compares the clocks by its answer. */
export async function checkHub(
  target: Target,
  { probes, clock, remote }: RoutedDeps,
): Promise<{ hub: Finding; clock?: Finding }> {
  const url = `${target.hub.httpUrl}/.well-known/tela`;
  const sentMs = clock.wallMs();
  const get = (signal: AbortSignal) => probes.get({ url, remote, token: "", signal });
  const outcome = await within(get, { limitMs: LIMITS_MS.http, clock });
  if (outcome.state !== "done") return { hub: noAnswer("hub", outcome) };
  const hub = judgeHub(outcome.value, target);
  const times = { sentMs, receivedMs: clock.wallMs() };
  if (hub.state === "fault") return { hub };
  return { hub, clock: judgeClock(outcome.value.headers.date, times) };
}
