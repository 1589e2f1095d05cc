import { encodeHex } from "../../core/bytes/mod.ts";
import type { UdpOffer } from "../../core/control/mod.ts";
import type { FrameSink } from "./side.ts";
import type { UdpRelay } from "./udp_relay.ts";

/** The two ends of a session. */
export type SessionEnd = "agent" | "client";

/** UDP for one session, offered to both of its ends. */
export interface UdpLease {
  /** What each end is to be told. */
  readonly offers: Readonly<Record<SessionEnd, UdpOffer>>;
  /** Takes note that an end has sent DATA by WebSocket; cheap. Spec: wire.md 5.3 */
  usedWebSocket(end: SessionEnd): void;
  /** Bytes of frames that came from an end by UDP so far; 0 where a separate host relays. */
  relayedBytes(end: SessionEnd): number;
  /**
   * Milliseconds since the end was heard by UDP that was not for longer; `Infinity` if it never was, 0
   * where a separate host relays, which does not tell.
   */
  quietMs(nowMs: number): number;
  /** The session is over: the tokens no longer work. To be called once. */
  end(): void;
}

/** Who can relay by UDP. */
export interface UdpCarrier {
  /**
   * Opens UDP for a session; undefined while there is none to offer.
   *
   * @param sinks take the frames for an end that has not probed
   */
  lease(sinks: Readonly<Record<SessionEnd, FrameSink>>): UdpLease | undefined;
}

/** Offers the relay of this process, at a port that is bound. */
export class LocalCarrier implements UdpCarrier {
  readonly #relay: UdpRelay;
  readonly #place: () => { readonly port: number; readonly host: string };

  /**
   * Borrows the relay.
   *
   * @param place where ends are to send; host "" for the host of their WebSocket
   */
  constructor(relay: UdpRelay, place: () => { readonly port: number; readonly host: string }) {
    this.#relay = relay;
    this.#place = place;
  }

  /** Always succeeds. */
  lease(sinks: Readonly<Record<SessionEnd, FrameSink>>): UdpLease {
    const pairing = this.#relay.pair([sinks.agent, sinks.client]);
    const [agent, client] = pairing;
    const sides = { agent, client };
    const place = this.#place();
    return {
      offers: { agent: offerOf(agent.token, place), client: offerOf(client.token, place) },
      usedWebSocket: (end) => void (sides[end].usesWebSocket = true),
      relayedBytes: (end) => sides[end].relayedBytes,
      quietMs: (nowMs) => nowMs - Math.min(agent.heardMs, client.heardMs),
      end: () => this.#relay.release(pairing),
    };
  }
}

/** What an end is told. Spec: wire.md 2.4 */
export function offerOf(
  token: Uint8Array,
  { port, host }: { readonly port: number; readonly host: string },
): UdpOffer {
  return { type: "udp-offer", token: encodeHex(token), port, ...(host !== "" && { host }) };
}
