import { judgeNat } from "../../core/stun/mod.ts";
import { fault, type Finding, note, ok, skipped } from "./finding.ts";
import { PAYLOAD_BYTES, UDP_OVERHEAD_BYTES, type UdpSurvey } from "./udp_survey.ts";

/** What the judgement of a survey needs besides. */
export interface UdpContext {
  /** Whether the hub's own UDP port is the first server. */
  readonly asksHub: boolean;
  /** Whether the hub, asked for a session, has offered no UDP. */
  readonly notOffered: boolean;
  /** Whether the hub is known to answer STUN, as ours do and the reference's do not. */
  readonly hubAnswersStun: boolean;
}

const NAME_ANOTHER = "Name another server with -stun, as -stun stun.example.com:3478";

function checkUdp(
  { results, relay }: UdpSurvey,
  { asksHub, notOffered, hubAnswersStun }: UdpContext,
): Finding {
  if (notOffered) {
    return note("udp", {
      code: "udp-not-offered",
      text: "the hub offers no UDP: tunnels through it stay on the WebSocket",
      next: "If they are slow, ask the hub's operator to open a UDP port",
    });
  }
  const hub = asksHub ? results[0] : undefined;
  const mapped = results.filter((result) => result.state === "mapped");
  if (hub?.state === "mapped") {
    const rtt = hub.rttMs === undefined ? "" : ` in ${hub.rttMs.toFixed(1)} ms`;
    return ok("udp", `the hub answers at ${hub.server.text}${rtt} and sees ${hub.mapped.text}`);
  }
  if (hub !== undefined && relay === "ready") {
    return ok("udp", `the hub's relay answers at ${hub.server.text}`);
  }
  const where = results.map(({ server }) => server.text).join(", ");
  if (mapped.length > 0) {
    if (hub === undefined) return ok("udp", `${mapped[0]!.server.text} answers`);
    return note("udp", {
      code: "udp-hub-silent",
      text: `UDP works, but the hub does not answer at ${hub.server.text}`,
      next: "If the hub relays UDP elsewhere name it with -udp, or open that port before the hub",
    });
  }
  if (results.length > 1 || hubAnswersStun || relay === "silent") {
    return fault("udp", {
      code: "udp-blocked",
      text: `No answer to UDP from ${where}: tunnels stay on the WebSocket`,
      next:
        "Allow UDP out to that port, or name the hub's UDP address with -udp if it is elsewhere",
    });
  }
  return note("udp", {
    code: "udp-unknown",
    text: `${where} does not answer STUN, which not every hub does`,
    next: NAME_ANOTHER,
  });
}

function checkNat({ results, local }: UdpSurvey): Finding {
  switch (judgeNat(results, local === undefined ? [] : [local])) {
    case "blocked":
      return skipped("nat");
    case "none":
      return ok("nat", "none: servers see this computer's own address");
    case "endpoint-independent":
      return ok("nat", "keeps one address for all: direct paths are likely");
    case "address-dependent":
      return note("nat", {
        code: "nat-symmetric",
        text: "symmetric: each peer sees another address, so direct paths are unlikely",
        next: "Nothing need be done: the tunnel goes through the hub",
      });
    case "unknown":
      return note("nat", {
        code: "nat-unknown",
        text: "one server's answer does not tell its kind",
        next: NAME_ANOTHER,
      });
  }
}

function checkMtu({ largestBytes }: UdpSurvey): Finding {
  if (largestBytes === undefined) return skipped("mtu");
  const packetBytes = largestBytes + UDP_OVERHEAD_BYTES;
  if (largestBytes === 0) {
    return note("mtu", {
      code: "mtu-unknown",
      text: "the server does not answer larger requests",
      next: "",
    });
  }
  if (largestBytes === PAYLOAD_BYTES.at(-1)) {
    return ok("mtu", `UDP carries IP packets of ${packetBytes} bytes`);
  }
  return note("mtu", {
    code: "mtu-low",
    text: `UDP carries IP packets of ${packetBytes} bytes and loses larger ones`,
    next: "Nothing need be done: packets are made to fit",
  });
}

/** What a survey of UDP says, in three findings. */
export function judgeUdp(survey: UdpSurvey, context: UdpContext): Finding[] {
  if (survey.results.length === 0 && context.notOffered) {
    return [checkUdp(survey, context), skipped("nat"), skipped("mtu")];
  }
  if (survey.results.length === 0) {
    const why = "the hub has no IPv4 address";
    return [skipped("udp", why), skipped("nat", why), skipped("mtu", why)];
  }
  return [checkUdp(survey, context), checkNat(survey), checkMtu(survey)];
}
