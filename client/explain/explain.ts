import type { Random } from "../../core/bytes/mod.ts";
import { type Endpoint, makeEndpoint } from "../../core/endpoint/mod.ts";
import type { HubStatus } from "../hub/mod.ts";
import { checkMachine, checkToken } from "./check_access.ts";
import { checkHub } from "./check_hub.ts";
import {
  type CheckDeps,
  checkDns,
  checkProxy,
  checkTcp,
  proxyVariable,
  type TcpRoute,
} from "./check_network.ts";
import { checkSession, type TrySession } from "./check_session.ts";
import { checkTls } from "./check_tls.ts";
import { judgeUdp } from "./check_udp.ts";
import { checkWebSocket } from "./check_websocket.ts";
import { CHECKS, type Finding, judge, note, ok, type Report, skipped } from "./finding.ts";
import { LIMITS_MS, within } from "./limit.ts";
import type { Target } from "./target.ts";
import { surveyUdp, type UdpSurvey } from "./udp_survey.ts";

/** A server by name or address, as `stun.example.com:3478`. */
export interface NamedServer {
  /** Name or IP address. */
  readonly host: string;
  /** UDP port. */
  readonly port: number;
}

/** Options of {@linkcode explain}. */
export interface ExplainOptions extends CheckDeps {
  /** Chooses transaction ids. */
  readonly random: Random;
  /** An environment variable. */
  readonly env: (name: string) => string | undefined;
  /** Where the hub has UDP; an empty host stands for that of the hub. */
  readonly udp: NamedServer;
  /** Other STUN servers. */
  readonly stun: readonly NamedServer[];
  /** Makes a session and ends it. */
  readonly trySession: TrySession;
}

/** What was found of the hub itself. */
interface HubFindings {
  readonly findings: readonly Finding[];
  readonly status: HubStatus | undefined;
}

/** IPv4 endpoints of the servers, those that have none left out. */
async function serversOf(
  { addresses }: { addresses: readonly string[] },
  { udp, stun, probes, clock }: ExplainOptions,
): Promise<{ servers: Endpoint[]; asksHub: boolean }> {
  const first = async ({ host, port }: NamedServer): Promise<Endpoint | undefined> => {
    const resolve = () => probes.resolve(host);
    const outcome = host === "" || makeEndpoint(host, port) !== undefined
      ? { state: "done" as const, value: host === "" ? addresses : [host] }
      : await within(resolve, { limitMs: LIMITS_MS.dns, clock });
    const found = outcome.state === "done" ? outcome.value : [];
    const endpoints = found.map((address) => makeEndpoint(address, port));
    return endpoints.find((endpoint) => endpoint?.address.length === 4);
  };
  const [hub, ...others] = await Promise.all([udp, ...stun].map(first));
  const servers = [hub, ...others].filter((endpoint) => endpoint !== undefined);
  return { servers, asksHub: hub !== undefined };
}

/** A hub that answers the upgrade is one, whatever stands before its other addresses. */
function softenHub(hub: Finding, websocket: Finding): Finding {
  if (hub.state !== "fault" || hub.code !== "not-a-hub" || websocket.state !== "ok") return hub;
  const { text } = hub;
  const next = "Tunnels work, but tela machines and services need these addresses too";
  return note("hub", { code: "not-a-hub", text, next });
}

async function checkService(
  target: Target,
  options: ExplainOptions & { readonly remote: string },
): Promise<HubFindings> {
  const [asked, websocket, token] = await Promise.all([
    checkHub(target, options),
    checkWebSocket(target, options),
    checkToken(target, options),
  ]);
  const hub = softenHub(asked.hub, websocket);
  const clock = asked.clock ?? skipped("clock");
  if (hub.state === "fault") return { findings: [hub, clock], status: undefined };
  const machine = token.status === undefined
    ? skipped("machine")
    : checkMachine(target.machine, token.status);
  const found = [hub, clock, websocket, token.finding, machine];
  const goesOn = websocket.state === "ok" && machine.state === "ok";
  const session = goesOn
    ? await checkSession(options.trySession, options.clock)
    : skipped("session");
  return { findings: [...found, session], status: token.status };
}

/** Our hubs tell what they run on, and answer STUN at their UDP port. */
function answersStun(status: HubStatus | undefined): boolean {
  const { goVersion } = Object(status?.raw.hub);
  return typeof goVersion === "string" && /^deno/i.test(goVersion);
}

/** Checks what needs a connection: TCP, TLS and all that goes over them. */
async function checkConnection(
  target: Target,
  options: ExplainOptions & {
    addresses: readonly string[];
    proxy: string | undefined;
    onRoute: (route: TcpRoute | undefined) => void;
  },
): Promise<HubFindings> {
  const { finding: tcp, route } = await checkTcp(target, options);
  options.onRoute(route);
  if (route === undefined) return { findings: [tcp], status: undefined };
  const { remote } = route;
  const tls = target.secure
    ? await checkTls(target, { ...options, remote })
    : ok("tls", "not used: the address begins with ws://");
  if (tls.state === "fault") return { findings: [tcp, tls], status: undefined };
  const { findings, status } = await checkService(target, { ...options, remote });
  return { findings: [tcp, tls, ...findings], status };
}

/**
 * Checks the way to a hub, and to a machine if one is named, step by step, in less than 15 s. The
 * first fault decides the verdict; what depends on it is skipped. UDP is looked at meanwhile.
 */
export async function explain(target: Target, options: ExplainOptions): Promise<Report> {
  const proxy = proxyVariable(target, options.env);
  const { finding: dns, addresses } = await checkDns(target, options);
  const found = [ok("address", target.hub.wsUrl), dns, checkProxy(proxy)];
  if (addresses.length > 0) {
    const route = Promise.withResolvers<TcpRoute | undefined>();
    const localAddress = route.promise.then((known) => known?.local);
    const { servers, asksHub } = await serversOf({ addresses }, options);
    const surveying: Promise<UdpSurvey> = surveyUdp({ ...options, servers, localAddress });
    const onRoute = route.resolve;
    const [{ findings, status }, survey] = await Promise.all([
      checkConnection(target, { ...options, addresses, proxy, onRoute }),
      surveying,
    ]);
    const context = { asksHub, hubAnswersStun: answersStun(status) };
    found.push(...findings, ...judgeUdp(survey, context));
  }
  const missing = CHECKS.filter((name) => !found.some(({ check }) => check === name));
  return judge([...found, ...missing.map((name) => skipped(name))]);
}
