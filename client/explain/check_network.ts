import type { Clock } from "../../core/clock/mod.ts";
import { fault, type Finding, note, ok } from "./finding.ts";
import { codeOf, LIMITS_MS, textOf, within } from "./limit.ts";
import type { Probes } from "./probes.ts";
import type { Target } from "./target.ts";

/** Addresses of a name that are tried; more are a misconfiguration or an attack. */
const MAX_ADDRESSES = 4;

/** What a check works with. */
export interface CheckDeps {
  /** The network. */
  readonly probes: Probes;
  /** Times it. */
  readonly clock: Clock;
}

/** What a check behind the TCP connection works with. */
export interface RoutedDeps extends CheckDeps {
  /** Address of the hub that takes connections. */
  readonly remote: string;
}

/** Finds the addresses of the hub; none if that is the fault. */
export async function checkDns(
  { host, isIp }: Target,
  { probes, clock }: CheckDeps,
): Promise<{ finding: Finding; addresses: readonly string[] }> {
  if (isIp) return { finding: ok("dns", `${host} is an IP address`), addresses: [host] };
  const resolve = () => probes.resolve(host);
  const outcome = await within(resolve, { limitMs: LIMITS_MS.dns, clock });
  const next = `Check the spelling of ${host}, and that this computer has a network and a resolver`;
  const failed = (text: string) => ({
    finding: fault("dns", { code: "dns-failed", text: `${host} ${text}`, next }),
    addresses: [],
  });
  if (outcome.state === "late") return failed("was not resolved within 2 s");
  if (outcome.state === "failed") {
    const unknown = /ENOTFOUND|ENODATA/.test(codeOf(outcome.error));
    return failed(unknown ? "is not a known name" : `cannot be resolved: ${textOf(outcome.error)}`);
  }
  const addresses = [...new Set(outcome.value)].slice(0, MAX_ADDRESSES);
  if (addresses.length === 0) return failed("has no address");
  return { finding: ok("dns", `${host} is ${addresses.join(", ")}`), addresses };
}

/** The variable that tells other programs to use a proxy for the hub, if one does. */
export function proxyVariable(
  { host, port, secure }: Target,
  env: (name: string) => string | undefined,
): string | undefined {
  const get = (name: string) => env(name) || env(name.toLowerCase()) || "";
  const direct = get("NO_PROXY").split(",").map((part) => part.trim().toLowerCase());
  const isDirect = direct.some((part) =>
    part === "*" || part === host || part === `${host}:${port}` ||
    part !== "" && host.endsWith(part.startsWith(".") ? part : `.${part}`)
  );
  const names = [secure ? "HTTPS_PROXY" : "HTTP_PROXY", "ALL_PROXY"];
  return isDirect ? undefined : names.find((name) => get(name) !== "");
}

/** Whether programs of this computer are told to use a proxy. */
export function checkProxy(variable: string | undefined): Finding {
  if (variable === undefined) return ok("proxy", "none is set for this hub");
  return note("proxy", {
    code: "proxy-set",
    text: `${variable} is set; tunnels do not go through proxies`,
    next: "If the hub can only be reached through it, ask for a direct way to the hub",
  });
}

/** What became of the attempts at all addresses. */
interface TcpFailure {
  readonly code: "tcp-failed" | "tcp-refused" | "tcp-timeout";
  readonly text: string;
  readonly next: string;
}

function tcpFailure(where: string, errors: readonly unknown[]): TcpFailure {
  const codes = errors.map((error) => error === undefined ? "late" : codeOf(error));
  if (codes.includes("ECONNREFUSED")) {
    return {
      code: "tcp-refused",
      text: `${where} refuses connections: nothing listens there`,
      next: "Start the hub, or check the port in its address",
    };
  }
  if (codes.includes("late") || codes.includes("ETIMEDOUT")) {
    return {
      code: "tcp-timeout",
      text: `${where} does not answer`,
      next: "Check that the hub's computer is up, and the firewalls on both sides",
    };
  }
  return {
    code: "tcp-failed",
    text: `${where} cannot be reached: ${textOf(errors[0])}`,
    next: "Check the network of this computer, and its routes to the hub",
  };
}

/** What {@linkcode checkTcp} starts from. */
export interface TcpOptions extends CheckDeps {
  /** Addresses of the hub. */
  readonly addresses: readonly string[];
  /** From {@linkcode proxyVariable}. */
  readonly proxy: string | undefined;
}

/** The address that takes connections, and our own towards it. */
export interface TcpRoute {
  /** Address of the hub. */
  readonly remote: string;
  /** Our address. */
  readonly local: string;
}

/** Connects to every address of the hub at once; one that works is enough. */
export async function checkTcp(
  { host, port }: Target,
  { probes, clock, addresses, proxy }: TcpOptions,
): Promise<{ finding: Finding; route?: TcpRoute }> {
  const outcomes = await Promise.all(addresses.map((address) => {
    const connect = (signal: AbortSignal) => probes.connectTcp({ host: address, port }, signal);
    return within(connect, { limitMs: LIMITS_MS.tcp, clock });
  }));
  const working = outcomes.findIndex(({ state }) => state === "done");
  const won = outcomes[working];
  const where = `${host} port ${port}`;
  if (won?.state === "done") {
    const remote = addresses[working]!;
    const others = outcomes.some(({ state }) => state !== "done")
      ? "; not all addresses answer"
      : "";
    const finding = ok("tcp", `${remote} port ${port} takes connections${others}`);
    return { finding, route: { remote, local: won.value.localAddress } };
  }
  const errors = outcomes.map((o) => o.state === "failed" ? o.error : undefined);
  const failure = tcpFailure(where, errors);
  if (proxy === undefined) return { finding: fault("tcp", failure) };
  return {
    finding: fault("tcp", {
      code: "proxy-required",
      text: `${failure.text}; ${proxy} is set, so this network may allow only its proxy`,
      next: "Tunnels do not go through proxies: ask for a direct way to the hub",
    }),
  };
}
