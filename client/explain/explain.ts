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
import { LAST_SURVEY_MS, LIMITS_MS, within } from "./limit.ts";
import type { NamedServer, OfferedRelay, Target } from "./target.ts";
import { surveyUdp } from "./udp_survey.ts";

/** Spec: wire.md 5.1 */
export const UDP_PORT = 41_820;

/** Options of {@linkcode explain}. */
export interface ExplainOptions extends CheckDeps {
  /** Chooses transaction ids. */
  readonly random: Random;
  /** An environment variable. */
  readonly env: (name: string) => string | undefined;
  /** Where the hub has UDP; undefined for where it offers it, else its own host and usual port. */
  readonly udp: NamedServer | undefined;
  /** Other STUN servers. */
  readonly stun: readonly NamedServer[];
  /** Makes a session and ends it. */
  readonly trySession: TrySession;
}

/** What was found of the hub itself. */
interface HubFindings {
  readonly findings: readonly Finding[];
  readonly status?: HubStatus | undefined;
  /** Where it offers UDP; null if nowhere, undefined if it was not asked. */
  readonly udp?: OfferedRelay | null | undefined;
  /** Ends the session that was made. */
  readonly end?: (() => void) | undefined;
}

/** IPv4 endpoints of the servers, those that have none left out. */
async function serversOf(
  { udp, addresses }: { udp: NamedServer | null; addresses: readonly string[] },
  { stun, probes, clock }: ExplainOptions,
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
  const [hub, ...others] = await Promise.all([udp && first(udp), ...stun.map(first)]);
  const servers = [hub, ...others].filter((endpoint) =>
    endpoint !== undefined && endpoint !== null
  );
  return { servers, asksHub: servers.length > 0 && servers[0] === hub };
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
  const [asked, websocket] = await Promise.all([
    checkHub(target, options),
    checkWebSocket(target, options),
  ]);
  const hub = softenHub(asked.hub, websocket);
  const clock = asked.clock ?? skipped("clock");
  // Whatever answers in the place of a hub is not to be shown the token.
  if (hub.state === "fault") return { findings: [hub, clock] };
  const token = await checkToken(target, options);
  const machine = token.status === undefined
    ? skipped("machine")
    : checkMachine(target.machine, token.status);
  const found = [hub, clock, websocket, token.finding, machine];
  const goesOn = websocket.state === "ok" && machine.state === "ok";
  const session = goesOn
    ? await checkSession(options.trySession, options.clock)
    : { finding: skipped("session"), udp: undefined, end: undefined };
  const { finding, udp, end } = session;
  return { findings: [...found, finding], status: token.status, udp, end };
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
  if (route === undefined) return { findings: [tcp] };
  const { remote } = route;
  const tls = target.secure
    ? await checkTls(target, { ...options, remote })
    : ok("tls", "not used: the address begins with ws://");
  if (tls.state === "fault") return { findings: [tcp, tls] };
  const service = await checkService(target, { ...options, remote });
  return { ...service, findings: [tcp, tls, ...service.findings] };
}

/** What checks of TCP and UDP start from. */
interface TransportOptions extends ExplainOptions {
  readonly addresses: readonly string[];
  readonly proxy: string | undefined;
  readonly startMs: number;
}

/** Looks at UDP where the hub offers it, else where it is thought to have it. */
async function lookAtUdp(
  options: TransportOptions & { localAddress: Promise<string | undefined> },
  offered: OfferedRelay | null | undefined,
): Promise<(status: HubStatus | undefined) => Finding[]> {
  const usual = { host: "", port: UDP_PORT };
  const udp = options.udp ?? (offered === undefined ? usual : offered);
  const { servers, asksHub } = await serversOf({ ...options, udp }, options);
  const relayToken = asksHub && options.udp === undefined ? offered?.token : undefined;
  const survey = await surveyUdp({ ...options, servers, relayToken });
  return (status) => {
    const hubAnswersStun = answersStun(status);
    return judgeUdp(survey, { asksHub, notOffered: udp === null, hubAnswersStun });
  };
}

/** Checks TCP and what goes over it, and UDP: at the same time, unless a session is to tell where. */
async function checkTransports(target: Target, options: TransportOptions): Promise<Finding[]> {
  const route = Promise.withResolvers<TcpRoute | undefined>();
  const localAddress = route.promise.then((known) => known?.local);
  const connection = checkConnection(target, { ...options, onRoute: route.resolve });
  const asksFirst = options.udp === undefined && target.machine !== undefined;
  const early = asksFirst ? undefined : lookAtUdp({ ...options, localAddress }, undefined);
  const { findings, status, udp, end } = await connection;
  try {
    const isLate = options.clock.nowMs() - options.startMs > LAST_SURVEY_MS;
    if (early === undefined && isLate) {
      const names = ["udp", "nat", "mtu"] as const;
      return [...findings, ...names.map((name) => skipped(name, "no time was left"))];
    }
    const judgeBy = await (early ?? lookAtUdp({ ...options, localAddress }, udp));
    return [...findings, ...judgeBy(status)];
  } finally {
    end?.();
  }
}

/**
 * Checks the way to a hub, and to a machine if one is named, step by step, in less than 15 s. The
 * first fault decides the verdict; what depends on it is skipped.
 */
export async function explain(target: Target, options: ExplainOptions): Promise<Report> {
  const startMs = options.clock.nowMs();
  const proxy = proxyVariable(target, options.env);
  const { finding: dns, addresses } = await checkDns(target, options);
  const found = [ok("address", target.hub.wsUrl), dns, checkProxy(proxy)];
  if (addresses.length > 0) {
    found.push(...await checkTransports(target, { ...options, addresses, proxy, startMs }));
  }
  const missing = CHECKS.filter((name) => !found.some(({ check }) => check === name));
  return judge([...found, ...missing.map((name) => skipped(name))]);
}
