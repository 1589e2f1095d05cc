import { nearest } from "../../core/cli/mod.ts";
import { type HubStatus, type MachineStatus, readHubStatus, serviceLabel } from "../hub/mod.ts";
import { judgeStatus, noAnswer } from "./check_hub.ts";
import type { RoutedDeps } from "./check_network.ts";
import { fault, type Finding, ok, skipped } from "./finding.ts";
import { LIMITS_MS, within } from "./limit.ts";
import type { Target } from "./target.ts";

/** Names listed in a finding; a hub may have thousands. */
const MAX_NAMES = 10;

function parseStatus(body: string): HubStatus | undefined {
  try {
    return readHubStatus(JSON.parse(body));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function refused(token: string): Finding {
  if (token === "") {
    return fault("token", {
      code: "token-missing",
      text: "The hub wants a token, and none is given",
      next: "Set TELA_TOKEN, or ask an owner of the hub for a pairing code",
    });
  }
  return fault("token", {
    code: "token-refused",
    text: "The hub does not accept the token: it is mistyped, expired, revoked, or for another hub",
    next:
      "Check TELA_TOKEN or -token; an owner sees with tela admin tokens list whether it is valid",
  });
}

/** Asks for the hub's machines with the token. */
export async function checkToken(
  { hub, host, token }: Target,
  { probes, clock, remote }: RoutedDeps,
): Promise<{ finding: Finding; status?: HubStatus }> {
  const url = `${hub.httpUrl}/api/status`;
  const get = (signal: AbortSignal) => probes.get({ url, remote, token, signal });
  const outcome = await within(get, { limitMs: LIMITS_MS.http, clock });
  if (outcome.state !== "done") return { finding: noAnswer("token", outcome) };
  const answer = outcome.value;
  if (answer.status === 401 || answer.status === 403) return { finding: refused(token) };
  const judged = judgeStatus("token", { ...answer, host });
  if (judged !== undefined) return { finding: judged };
  const status = answer.status === 200 ? parseStatus(answer.body) : undefined;
  if (status === undefined) {
    const text = `${url} sends HTTP ${answer.status}, and not a hub's status`;
    const next = "Let the proxy before the hub pass /api/ to it";
    return { finding: fault("token", { code: "not-a-hub", text, next }) };
  }
  const how = token === "" ? "none is needed" : "accepted";
  const count = status.machines.length;
  const machines = count === 1 ? "1 machine" : `${count} machines`;
  return { finding: ok("token", `${how}; ${machines} may be seen`), status };
}

function offline(machine: MachineStatus): Finding {
  const { lastSeen } = machine.raw;
  const since = typeof lastSeen === "string" ? `; last seen ${lastSeen}` : "";
  return fault("machine", {
    code: "machine-offline",
    text: `The agent of "${machine.id}" is not connected to the hub${since}`,
    next: "Start telad on that machine, and look at its log",
  });
}

/** Looks for the machine among those that the token may see. */
export function checkMachine(name: string | undefined, { machines }: HubStatus): Finding {
  if (name === undefined) return skipped("machine", "none was named: give -machine");
  const machine = machines.find(({ id }) => id === name);
  if (machine === undefined) {
    const ids = machines.map(({ id }) => id);
    const near = nearest(name, ids);
    const shown = ids.slice(0, MAX_NAMES).join(", ") + (ids.length > MAX_NAMES ? ", …" : "");
    return fault("machine", {
      code: "machine-unknown",
      text: `The hub shows no machine "${name}" to this token${
        near === undefined ? "" : `; there is "${near}"`
      }`,
      next: ids.length === 0
        ? "It shows none at all: ask an owner of the hub for the permission to connect"
        : `Use one of ${shown}, or ask an owner of the hub for the permission to connect`,
    });
  }
  if (!machine.online) return offline(machine);
  const services = machine.services.map((service) => serviceLabel(service)).join(", ");
  return ok("machine", `"${name}" is online with ${services === "" ? "no services" : services}`);
}
