import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import { defectText, type Log, type RepeatLog } from "../../core/log/mod.ts";
import { RELAY_HEADER_BYTES } from "../../core/relay/mod.ts";
import type { WebSocketConnection } from "../../core/websocket/mod.ts";
import { fromSource } from "../access/mod.ts";
import { Pulse, Sweeper } from "../liveness/mod.ts";
import {
  type FrameSink,
  offerOf,
  type SessionEnd,
  TOKEN_BYTES,
  TokenTable,
  type UdpCarrier,
  type UdpLease,
} from "../udp/mod.ts";
import {
  type Bytes,
  encodeLink,
  type Hello,
  type LinkMessage,
  NONCE_BYTES,
  parseLink,
} from "./messages.ts";
import { isSameProof, proofOf } from "./proof.ts";

/** How long a host may take to prove itself. */
const PROOF_TIMEOUT_MS = 10_000;

/**
 * Connections that have not proved themselves. One more ends the oldest: a host needs a moment for its
 * proof, and is not kept out by those who sit and say nothing.
 */
const MAX_STRANGERS = 16;

/** Bytes queued for a host at which it is given up: it gets only small texts. */
const ABORT_BYTES = 1024 * 1024;

/** How often, at most, a host is told that one end uses its WebSocket. */
const TELL_MS = 5000;

/** The part of a WebSocket that a link needs. */
export type LinkConnection = Pick<
  WebSocketConnection,
  | "remoteAddress"
  | "bufferedBytes"
  | "sendText"
  | "sendBinary"
  | "ping"
  | "closeNow"
  | "abort"
  | "run"
>;

/** What {@linkcode UdpHosts} works with. */
export interface UdpHostsOptions {
  /** What hub and host share. */
  readonly secret: string;
  /** Times handshakes and silence. */
  readonly clock: Clock;
  /** Makes nonces and tokens. */
  readonly random: Random;
  /** Told who comes and goes. */
  readonly log: Log;
  /** Takes those that are refused, for the log. */
  readonly repeats: RepeatLog;
}

/** What the hub has received from UDP hosts. */
export interface UdpHostsStats {
  /** Frames passed on to a WebSocket. */
  frames: number;
  /** Frames dropped because the receiver did not read. */
  slowReceiver: number;
  /** Messages that were no frame for a session that lives. */
  strayFrames: number;
}

/** One connection of a host. `live`: it has proved itself. */
interface Link {
  readonly connection: LinkConnection;
  readonly pulse: Pulse;
  state:
    | { readonly kind: "new" }
    | { readonly kind: "challenged"; readonly hello: Hello; readonly expected: Bytes }
    | { readonly kind: "live"; readonly hello: Hello };
}

/** One session that a host relays. */
interface Pair {
  readonly tokens: readonly [Bytes, Bytes];
  readonly place: string;
}

function placeOf({ host, port }: Hello): string {
  return `${host}:${port}`;
}

/**
 * The hub's end of its links to UDP hosts: processes that relay by UDP for a hub which cannot bind a
 * port itself. The latest host that proves itself is the one that is used; one that comes back gets
 * the sessions that it had.
 */
export class UdpHosts implements UdpCarrier {
  /** Counters, live. */
  readonly stats: UdpHostsStats = { frames: 0, slowReceiver: 0, strayFrames: 0 };
  readonly #options: UdpHostsOptions;
  readonly #links = new Map<Link, Promise<void>>();
  readonly #strangers = new Set<Link>();
  readonly #pairs = new Set<Pair>();
  readonly #sinks: TokenTable<FrameSink>;
  readonly #sweeper: Sweeper<Link>;
  #live: (Link & { state: { kind: "live" } }) | undefined;
  #isClosed = false;

  /** Starts with no host. */
  constructor(options: UdpHostsOptions) {
    this.#options = options;
    this.#sinks = new TokenTable(options.random);
    this.#sweeper = new Sweeper({
      clock: options.clock,
      all: () => this.#links.keys(),
      onSwept: () => {},
      onLost: ({ connection }) => connection.abort(),
    });
  }

  /** Where peers are sent now, as `host:port`; undefined while there is no host. */
  get place(): string | undefined {
    return this.#live && placeOf(this.#live.state.hello);
  }

  /** How many sessions hosts have been told of and not yet told the end of. */
  get pairCount(): number {
    return this.#pairs.size;
  }

  /** Takes the connection of a host and settles when it has ended; never rejects. */
  serve(connection: LinkConnection): Promise<void> {
    if (this.#isClosed) {
      connection.abort();
      return Promise.resolve();
    }
    const link: Link = {
      connection,
      pulse: new Pulse(this.#options.clock.nowMs()),
      state: { kind: "new" },
    };
    this.#strangers.add(link);
    if (this.#strangers.size > MAX_STRANGERS) {
      const [oldest] = this.#strangers;
      this.#strangers.delete(oldest!);
      oldest!.connection.abort();
    }
    const ended = this.#run(link).finally(() => this.#links.delete(link));
    this.#links.set(link, ended);
    return ended;
  }

  /** Closes all connections; settles when they have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sweeper.stop();
    for (const { connection } of this.#links.keys()) {
      connection.closeNow(1001, "hub shutting down");
    }
    await Promise.all(this.#links.values());
  }

  /** By the host that is connected now; undefined while none is. */
  lease(sinks: Readonly<Record<SessionEnd, FrameSink>>): UdpLease | undefined {
    const live = this.#live;
    if (live === undefined) return undefined;
    const { hello } = live.state;
    const agent = this.#sinks.allocate(sinks.agent);
    const client = this.#sinks.allocate(sinks.client);
    const pair: Pair = { tokens: [agent, client], place: placeOf(hello) };
    const usage = { agent: new Telling(agent), client: new Telling(client) };
    this.#pairs.add(pair);
    this.#send(live, { type: "pair", tokens: pair.tokens });
    return {
      offers: { agent: offerOf(agent, hello), client: offerOf(client, hello) },
      usedWebSocket: (end) => {
        const { clock } = this.#options;
        if (!usage[end].isDue(clock.nowMs())) return;
        this.#tell({ type: "used-websocket", token: usage[end].token });
      },
      // Hosts do not report.
      relayedBytes: () => 0,
      quietMs: () => 0,
      end: () => this.#end(pair),
    };
  }

  #end(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    for (const token of pair.tokens) this.#sinks.delete(token);
    this.#tell({ type: "end", token: pair.tokens[0] });
  }

  async #run(link: Link): Promise<void> {
    const { clock, log } = this.#options;
    const { connection, pulse } = link;
    const late = clock.setTimer(() => {
      if (link.state.kind !== "live") connection.closeNow(1008, "no proof in time");
    }, PROOF_TIMEOUT_MS);
    try {
      await connection.run({
        text: (text) => this.#text(link, text),
        binary: (bytes, start, end) => this.#binary(link, { bytes, start, end }),
        ping: () => pulse.ping(clock.nowMs()),
        batchEnd: () => pulse.heard(),
      });
    } catch (error) {
      log(`internal error with UDP host ${connection.remoteAddress}: ${defectText(error)}`);
    } finally {
      late.cancel();
      this.#strangers.delete(link);
      if (this.#live === link) this.#lost();
    }
  }

  #lost(): void {
    this.#options.log(`UDP host ${this.place} lost: no UDP is offered`);
    this.#live = undefined;
  }

  #text(link: Link, text: string): void {
    const { secret, random } = this.#options;
    const message = parseLink(text);
    const { state } = link;
    if (message?.type === "hello" && state.kind === "new") {
      const hubNonce: Bytes = new Uint8Array(NONCE_BYTES);
      random(hubNonce);
      const facts = { secret, hello: message, hubNonce };
      link.state = { kind: "challenged", hello: message, expected: proofOf("host", facts) };
      const proof = proofOf("hub", facts);
      this.#send(link, { type: "challenge", nonce: hubNonce, proof });
    } else if (message?.type === "proof" && state.kind === "challenged") {
      if (isSameProof(message.proof, state.expected)) this.#accept(link, state.hello);
      else this.#refuse(link, "wrong proof: the secrets differ");
    } else if (state.kind !== "live") {
      this.#refuse(link, "expected hello of version 1, then proof");
    }
  }

  #refuse({ connection }: Link, reason: string): void {
    const { remoteAddress } = connection;
    const refused = { what: "UDP host refused", detail: reason, remoteAddress };
    this.#options.repeats.note(fromSource(refused));
    connection.closeNow(1008, reason);
  }

  /** The host is told what lives at its place; what another one had cannot be reached there. */
  #accept(link: Link, hello: Hello): void {
    this.#strangers.delete(link);
    const previous = this.#live;
    const state = { kind: "live", hello } as const;
    this.#live = Object.assign(link, { state });
    previous?.connection.closeNow(1000, "another UDP host has come");
    const place = placeOf(hello);
    for (const pair of this.#pairs) {
      if (pair.place === place) this.#send(link, { type: "pair", tokens: pair.tokens });
    }
    this.#send(link, { type: "synced" });
    this.#options.log(`UDP host ${place} connected from ${link.connection.remoteAddress}`);
  }

  /** A frame from UDP, behind the token of the end that it is for. */
  #binary(
    link: Link,
    { bytes, start, end }: { bytes: Uint8Array<ArrayBuffer>; start: number; end: number },
  ): void {
    if (link.state.kind !== "live") return this.#refuse(link, "binary before proof");
    const isWhole = end - start >= TOKEN_BYTES + RELAY_HEADER_BYTES;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const sink = isWhole ? this.#sinks.get(view, start) : undefined;
    if (sink === undefined) this.stats.strayFrames++;
    else if (sink.frame(bytes, start + TOKEN_BYTES, end)) this.stats.frames++;
    else this.stats.slowReceiver++;
  }

  #tell(message: LinkMessage): void {
    if (this.#live !== undefined) this.#send(this.#live, message);
  }

  #send({ connection }: Link, message: LinkMessage): void {
    if (connection.bufferedBytes > ABORT_BYTES) connection.abort();
    else connection.sendText(encodeLink(message));
  }
}

/** Says when it is time to tell the host about one end again. */
class Telling {
  readonly token: Bytes;
  #toldMs = -Infinity;

  constructor(token: Bytes) {
    this.token = token;
  }

  isDue(nowMs: number): boolean {
    if (nowMs - this.#toldMs < TELL_MS) return false;
    this.#toldMs = nowMs;
    return true;
  }
}
