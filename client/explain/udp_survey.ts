import type { Random } from "../../core/bytes/mod.ts";
import type { Clock, Timer } from "../../core/clock/mod.ts";
import { type Endpoint, makeEndpoint } from "../../core/endpoint/mod.ts";
import {
  encodeBindingRequest,
  readStunMessage,
  StunClient,
  type StunResult,
} from "../../core/stun/mod.ts";
import { LIMITS_MS } from "./limit.ts";
import type { Probes, UdpProbe } from "./probes.ts";

/** Sizes of UDP payload that are tried: IP packets of 576, 1260, 1400 and 1500 bytes. */
export const PAYLOAD_BYTES = [548, 1232, 1372, 1472] as const;

/** Each size is sent that often, in case one is lost. */
const SIZE_TRIES = 3;

/** Headers of IPv4 and UDP. */
export const UDP_OVERHEAD_BYTES = 28;

/** An attribute that a server need not understand. Spec: RFC 8489 §14.14 (SOFTWARE) */
const PADDING_ATTRIBUTE = 0x8022;
const STUN_HEADER_BYTES = 20;
const TRANSACTION_ID_BYTES = 12;

/** What UDP does between here and some STUN servers. */
export interface UdpSurvey {
  /** What came of each server, in their order; none is still waiting. */
  readonly results: readonly StunResult[];
  /** Whether the hub's relay answered; undefined if it was not asked. */
  readonly relay: "ready" | "silent" | undefined;
  /** Our own endpoint, as far as it is known. */
  readonly local: Endpoint | undefined;
  /** Largest payload that a server answered, bytes; undefined if sizes were not tried. */
  readonly largestBytes: number | undefined;
}

/** Options of {@linkcode surveyUdp}. */
export interface UdpSurveyOptions {
  /** Servers, that of the hub first. */
  readonly servers: readonly Endpoint[];
  /** Token to show to the hub's relay, which is the first server. */
  readonly relayToken: Uint8Array | undefined;
  /** Our address towards the hub, if it is known by then. */
  readonly localAddress: string | undefined | Promise<string | undefined>;
  /** The network. */
  readonly probes: Probes;
  /** Times it. */
  readonly clock: Clock;
  /** Chooses transaction ids. */
  readonly random: Random;
}

/** What a relay is asked and answers, behind the token. Spec: wire.md 5.1 */
const PROBE = new TextEncoder().encode("PROBE");
const READY = new TextEncoder().encode("READY");

/** A lost question is asked again after this time. */
const PROBE_INTERVAL_MS = 700;

function joined(token: Uint8Array, word: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(token.length + word.length);
  bytes.set(token);
  bytes.set(word, token.length);
  return bytes;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A Binding request of exactly `lenBytes`. */
function paddedRequest(id: Uint8Array, lenBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(lenBytes);
  bytes.set(encodeBindingRequest(id));
  const view = new DataView(bytes.buffer);
  view.setUint16(2, lenBytes - STUN_HEADER_BYTES);
  view.setUint16(STUN_HEADER_BYTES, PADDING_ATTRIBUTE);
  view.setUint16(STUN_HEADER_BYTES + 2, lenBytes - STUN_HEADER_BYTES - 4);
  return bytes;
}

/** Receives a datagram. */
type OnDatagram = (bytes: Uint8Array, source: Endpoint) => void;

/** One socket and who listens to it at the moment. */
class Survey {
  onDatagram: OnDatagram = () => {};
  relay: UdpSurvey["relay"];
  #timers = new Set<Timer>();
  readonly #options: UdpSurveyOptions;

  constructor(options: UdpSurveyOptions) {
    this.#options = options;
  }

  at(delayMs: number, callback: () => void): void {
    this.#timers.add(this.#options.clock.setTimer(callback, delayMs));
  }

  end(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  /** Asks the relay again and again; gives what takes its answer. */
  #askRelay(socket: UdpProbe): OnDatagram {
    const { relayToken: token, servers: [hub] } = this.#options;
    if (token === undefined || hub === undefined) return () => {};
    this.relay = "silent";
    const ask = () => {
      if (this.relay === "ready") return;
      socket.send(joined(token, PROBE), hub);
      this.at(PROBE_INTERVAL_MS, ask);
    };
    ask();
    return (bytes, source) => {
      if (source.text === hub.text && equal(bytes, joined(token, READY))) this.relay = "ready";
    };
  }

  /** Asks all servers until each is done or the time is over. */
  stun(socket: UdpProbe): Promise<StunResult[]> {
    const { servers, random, clock } = this.#options;
    const send = (bytes: Uint8Array, to: Endpoint) => socket.send(bytes, to);
    const client = new StunClient({ servers, random, send });
    const done = Promise.withResolvers<void>();
    const look = () => {
      if (client.nextDeadlineMs() === Infinity && this.relay !== "silent") done.resolve();
    };
    const onRelay = this.#askRelay(socket);
    this.onDatagram = (bytes, source) => {
      client.receive(bytes, { source, nowMs: clock.nowMs() });
      onRelay(bytes, source);
      look();
    };
    const tick = () => {
      client.tick(clock.nowMs());
      look();
      const nextMs = client.nextDeadlineMs() - clock.nowMs();
      if (nextMs < LIMITS_MS.stun) this.at(nextMs, tick);
    };
    tick();
    this.at(LIMITS_MS.stun, done.resolve);
    return done.promise.then(() => {
      this.end();
      return client.results.map((result) =>
        result.state === "waiting"
          ? { state: "failed", server: result.server, reason: "timeout" }
          : result
      );
    });
  }

  /** The largest size that a server answers. */
  async largest(socket: UdpProbe, server: Endpoint): Promise<number> {
    const sizes = PAYLOAD_BYTES.map((lenBytes) => {
      const id = new Uint8Array(TRANSACTION_ID_BYTES);
      this.#options.random(id);
      return { id, lenBytes };
    });
    const done = Promise.withResolvers<void>();
    const waiting = new Set(sizes);
    this.onDatagram = (bytes, source) => {
      if (source.text !== server.text || readStunMessage(bytes).kind !== "success") return;
      const answered = bytes.subarray(STUN_HEADER_BYTES - TRANSACTION_ID_BYTES);
      for (const size of waiting) {
        if (equal(size.id, answered.subarray(0, TRANSACTION_ID_BYTES))) waiting.delete(size);
      }
      if (waiting.size === 0) done.resolve();
    };
    const ask = () => {
      for (const { id, lenBytes } of waiting) socket.send(paddedRequest(id, lenBytes), server);
    };
    ask();
    for (let i = 1; i < SIZE_TRIES; i++) this.at(i * LIMITS_MS.sizes / SIZE_TRIES, ask);
    this.at(LIMITS_MS.sizes, done.resolve);
    await done.promise;
    this.end();
    return Math.max(0, ...sizes.filter((size) => !waiting.has(size)).map((size) => size.lenBytes));
  }
}

/** Asks STUN servers from one socket, then one of those that answer with datagrams of several sizes. */
export async function surveyUdp(options: UdpSurveyOptions): Promise<UdpSurvey> {
  const { probes, localAddress } = options;
  const survey = new Survey(options);
  const socket = await probes.openUdp((bytes, source) => survey.onDatagram(bytes, source));
  try {
    const results = await survey.stun(socket);
    const server = results.find(({ state }) => state === "mapped")?.server;
    const largestBytes = server && await survey.largest(socket, server);
    const own = await localAddress;
    const local = own === undefined ? undefined : makeEndpoint(own, socket.localPort);
    return { results, relay: survey.relay, local, largestBytes };
  } finally {
    survey.end();
    socket.close();
  }
}
