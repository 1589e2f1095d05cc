import { decodeHex, type Packet, type PacketPool } from "../bytes/mod.ts";
import type { Clock, Timer } from "../clock/mod.ts";
import type { UdpOffer } from "../control/mod.ts";
import { makeEndpoint, type Scope, scopeOf } from "../endpoint/mod.ts";
import { readRelayFrame, RELAY_HEADER_BYTES } from "../relay/mod.ts";
import type { Carrier } from "./carrier.ts";
import { looksLikeStun } from "../stun/mod.ts";
import { RelaySearch, TOKEN_BYTES } from "./relay_search.ts";
import { UdpCarrier } from "./udp_carrier.ts";
import type { UdpAddress, UdpPort } from "./udp_port.ts";

/** Scopes of addresses that do not belong to one machine. */
const NOT_OF_ONE: ReadonlySet<Scope> = new Set(["broadcast", "multicast", "unspecified"]);

/** Addresses tried of all hosts of an offer. */
const MAX_CANDIDATES = 6;

/**
 * Offers are taken up no faster, in ms, the last of those that wait: whoever is paired with us can send
 * any number, each of which has us ask for names and probe addresses of its choice.
 */
const OFFER_SPACING_MS = 1_000;

/** Relays whose datagrams are received: the newest and those it replaced. */
const MAX_RELAYS = 3;

/** Told what an {@linkcode UdpRelay} achieves. */
export interface UdpRelayHandler {
  /** The hub relays by UDP from now on, in place of what it did before. */
  found(carrier: Carrier): void;
  /** The hub answered at no candidate, so far. */
  unreachable(): void;
  /**
   * A WireGuard message, borrowed until the call returns; it may be changed in place. Returns
   * whether it is authentic.
   */
  datagram(carrier: Carrier, bytes: Uint8Array<ArrayBuffer>, start: number, end: number): boolean;
  /** Congestion of a carrier became another. */
  congestion(carrier: Carrier): void;
  /** The system refused a message; takes the packet. */
  refused(carrier: Carrier, packet: Packet): void;
}

/** Options of {@linkcode UdpRelay}. */
export interface UdpRelayOptions {
  /** Socket, shared and borrowed. */
  port: UdpPort;
  /** IPv4 addresses of a host; never rejects. */
  lookup: (host: string) => Promise<string[]>;
  /** Where sent packets go back to. */
  pool: PacketPool;
  /** Times the probes. */
  clock: Clock;
  /** Session id in the frames. */
  sessionId: number;
  /** Told what happens. */
  handler: UdpRelayHandler;
}

/** An offer of a relay, and where it is tried. */
export interface PlacedOffer {
  /** What came from the hub, or as if from there. */
  offer: UdpOffer;
  /** Addresses or names of the hub, in order. */
  hosts: readonly string[];
  /** Whether the hub may be on this very machine, as its WebSocket is. */
  allowLoopback: boolean;
}

interface Relay {
  readonly token: Uint8Array;
  readonly to: UdpAddress;
  readonly carrier: Carrier;
}

/**
 * The way through the hub by UDP: takes its offers, finds where it answers, and tells datagrams that
 * come from it. A new offer replaces the last once the hub has answered to it.
 *
 * Spec: wire.md 5.1, 5.2
 */
export class UdpRelay {
  readonly #options: UdpRelayOptions;
  readonly #relays: Relay[] = [];
  #search: { token: Uint8Array; search: RelaySearch } | undefined;
  /** The last offer, until it is taken up. */
  #waiting: PlacedOffer | undefined;
  #isLookingUp = false;
  #nextOfferMs = -Infinity;
  #offerTimer: Timer | undefined;
  #timer: Timer | undefined;
  #closed = false;

  /** Nothing is sent before an offer. */
  constructor(options: UdpRelayOptions) {
    this.#options = options;
  }

  /** Where the hub relays, if it does; for who must not mistake it for the peer. */
  get hub(): UdpAddress | undefined {
    return this.#relays[0]?.to;
  }

  /** Tries an offer, in place of any that came before and has not been taken up. */
  offer(offer: PlacedOffer): void {
    this.#waiting = offer;
    this.#takeUp();
  }

  /** Takes a datagram, borrowed, if it comes from the hub; false if not. */
  receive(bytes: Uint8Array<ArrayBuffer>, end: number, from: UdpAddress): boolean {
    const to = this.#search?.search.answer(bytes, end, from);
    if (to !== undefined) {
      this.#onReady(this.#search!.token, to);
      return true;
    }
    const relay = this.#relays.find(({ token }) => startsWith(bytes, end, token)) ??
      this.#relays.find(({ to }) => isAt(to, from) && !looksLikeStun(bytes.subarray(0, end)));
    if (relay === undefined) return false;
    const start = TOKEN_BYTES + RELAY_HEADER_BYTES;
    // The flags say nothing here: all is data. Spec: wire.md 4.5
    if (end > start && readRelayFrame(bytes, TOKEN_BYTES, end) !== "bad-magic") {
      this.#options.handler.datagram(relay.carrier, bytes, start, end);
    }
    return true;
  }

  /** Ends a search; the socket stays with its owner. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#offerTimer?.cancel();
  }

  #takeUp(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#isLookingUp || this.#closed) return;
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    this.#offerTimer?.cancel();
    if (nowMs < this.#nextOfferMs) {
      this.#offerTimer = clock.setTimer(() => this.#takeUp(), this.#nextOfferMs - nowMs);
      return;
    }
    this.#waiting = undefined;
    this.#nextOfferMs = nowMs + OFFER_SPACING_MS;
    this.#lookUp(waiting);
  }

  async #lookUp({ offer: { token: hex, port }, hosts, allowLoopback }: PlacedOffer): Promise<void> {
    const { clock, lookup, handler } = this.#options;
    const token = decodeHex(hex);
    if (token?.length !== TOKEN_BYTES) return handler.unreachable();
    this.#isLookingUp = true;
    const found = await Promise.all([...new Set(hosts)].slice(0, MAX_CANDIDATES).map(lookup));
    this.#isLookingUp = false;
    if (this.#closed) return;
    const addresses = found.flat().filter((hostname) =>
      canBeHub(hostname, { port, allowLoopback })
    );
    const candidates = [...new Set(addresses)].slice(0, MAX_CANDIDATES)
      .map((hostname) => ({ transport: "udp", hostname, port } as const));
    const search = new RelaySearch({ token, candidates, nowMs: clock.nowMs() });
    this.#search = { token, search };
    this.#poll();
    this.#takeUp();
  }

  #onReady(token: Uint8Array, to: UdpAddress): void {
    this.#search = undefined;
    this.#timer?.cancel();
    const { port, pool, sessionId, handler } = this.#options;
    const carrier: Carrier = new UdpCarrier({
      kind: "udp-relay",
      port,
      to,
      token,
      sessionId,
      pool,
      onCongestion: () => handler.congestion(carrier),
      onRefused: (packet) => handler.refused(carrier, packet),
    });
    this.#relays.unshift({ token, to, carrier });
    this.#relays.length = Math.min(this.#relays.length, MAX_RELAYS);
    handler.found(carrier);
  }

  async #poll(): Promise<void> {
    this.#timer?.cancel();
    const { search } = this.#search ?? {};
    if (search === undefined || this.#closed) return;
    const { clock, port, handler } = this.#options;
    const to = search.poll(clock.nowMs());
    // The first must have left before others go out: a new socket reorders until then. A probe that
    // the system refuses is one that got lost: the next candidate follows in time.
    if (to !== undefined) await port.send(search.probe, to);
    if (this.#closed || search !== this.#search?.search) return;
    const atMs = search.nextDeadlineMs();
    const next = atMs === Infinity ? () => handler.unreachable() : () => this.#poll();
    this.#timer = clock.setTimer(next, Math.min(atMs, search.endMs) - clock.nowMs());
  }
}

/** What no hub is at gets nothing: groups of machines, and this one unless the hub is here, too. */
function canBeHub(
  hostname: string,
  { port, allowLoopback }: { port: number; allowLoopback: boolean },
): boolean {
  const endpoint = makeEndpoint(hostname, port);
  const scope = endpoint && scopeOf(endpoint);
  if (scope === "loopback") return allowLoopback;
  return scope !== undefined && !NOT_OF_ONE.has(scope);
}

/** In the same time for all tokens of a length, as they are secret. */
function startsWith(bytes: Uint8Array, end: number, token: Uint8Array): boolean {
  if (end < token.length) return false;
  let difference = 0;
  for (let i = 0; i < token.length; i++) difference |= bytes[i]! ^ token[i]!;
  return difference === 0;
}

function isAt(a: UdpAddress, b: UdpAddress): boolean {
  return a.port === b.port && a.hostname === b.hostname;
}
