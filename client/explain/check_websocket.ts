import type { RoutedDeps } from "./check_network.ts";
import { judgeStatus, noAnswer, serverName } from "./check_hub.ts";
import { fault, type Finding, ok } from "./finding.ts";
import { LIMITS_MS, within } from "./limit.ts";
import type { Target } from "./target.ts";

/** Asks for a WebSocket at the address that a tunnel dials. */
export async function checkWebSocket(
  { hub, host }: Target,
  { probes, clock, remote }: RoutedDeps,
): Promise<Finding> {
  const url = hub.wsUrl.replace(/^ws/i, "http");
  const upgrade = (signal: AbortSignal) => probes.upgrade({ url, remote, signal });
  const outcome = await within(upgrade, { limitMs: LIMITS_MS.http, clock });
  if (outcome.state !== "done") return noAnswer("websocket", outcome);
  const answer = outcome.value;
  if (answer.accepted) return ok("websocket", "the upgrade is accepted");
  const judged = judgeStatus("websocket", { ...answer, host });
  if (judged !== undefined) return judged;
  const who = serverName(answer.headers);
  if (answer.status === 401 || answer.status === 403) {
    return fault("websocket", {
      code: "websocket-forbidden",
      text: `The upgrade to a WebSocket is refused: HTTP ${answer.status}${who}`,
      next: "Allow WebSockets without an Origin in the proxy or firewall before the hub",
    });
  }
  return fault("websocket", {
    code: "not-websocket",
    text: `HTTP ${answer.status}${who} instead of a WebSocket: something on the way drops Upgrade`,
    next: "Let the proxy before the hub pass the headers Upgrade and Connection, over HTTP/1.1",
  });
}
