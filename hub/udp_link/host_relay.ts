import { encodeHex, type Random } from "../../core/bytes/mod.ts";
import { type Clock, sleep, type Timer } from "../../core/clock/mod.ts";
import { defectText, type Log } from "../../core/log/mod.ts";
import { Pulse, Sweeper } from "../liveness/mod.ts";
import { TOKEN_BYTES, type UdpPairing, type UdpRelay } from "../udp/mod.ts";
import {
  type Bytes,
  encodeLink,
  type Hello,
  type LinkMessage,
  NONCE_BYTES,
  parseLink,
} from "./messages.ts";
import { isSameProof, proofOf } from "./proof.ts";
import type { LinkConnection } from "./udp_hosts.ts";

/** The hub is pinged so often. */
const PING_MS = 4000;

/** The hub is lost when it has been silent for so long: it answers pings at once. */
const SILENCE_MS = 9000;

/** Sessions outlive the link for so long: UDP goes on while it, or the hub, comes back. */
const LINGER_MS = 60_000;

/** Sessions at a time: as many as a hub has sockets for. */
const MAX_PAIRS = 10_000;

/** Bytes queued for the hub beyond which frames for it are dropped. */
const MAX_QUEUED_BYTES = 1024 * 1024;

/** Delay before the link is dialled again: doubled with each failure, within 25 % at random. */
const RETRY_MS = { first: 500, longest: 10_000, jitter: 0.25 };

/** What a {@linkcode HostRelay} works with. */
export interface HostRelayOptions {
  /** The relay of this process; its sessions are those of the hub. */
  readonly relay: UdpRelay;
  /** Opens a connection to the hub. */
  readonly dial: (signal: AbortSignal) => Promise<LinkConnection>;
  /** What hub and host share. */
  readonly secret: string;
  /** Where peers find this host: public name or address, and UDP port. */
  readonly place: { readonly host: string; readonly port: number };
  /** Times everything. */
  readonly clock: Clock;
  /** Makes nonces and jitter. */
  readonly random: Random;
  /** Told of the link. */
  readonly log: Log;
}

/** One connection to the hub. */
class Link {
  /** `live`: each side has proved itself. */
  state: "greeting" | "proving" | "live" = "greeting";
  /** Pairs that the hub has told of on this connection so far, by first token. */
  told: Set<string> | undefined = new Set();
  readonly hello: Hello;
  readonly pulse: Pulse;

  constructor(readonly connection: LinkConnection, { hello, nowMs }: {
    hello: Hello;
    nowMs: number;
  }) {
    this.hello = hello;
    this.pulse = new Pulse(nowMs);
  }

  send(message: LinkMessage): void {
    this.connection.sendText(encodeLink(message));
  }
}

/** The host's end of the link: relays by UDP what the hub tells of, and stays connected to it. */
export class HostRelay {
  readonly #options: HostRelayOptions;
  readonly #stopping = new AbortController();
  /** By the first token, in hexadecimal. */
  readonly #pairs = new Map<string, UdpPairing>();
  #link: Link | undefined;
  #linger: Timer | undefined;

  /** Does not dial yet. */
  constructor(options: HostRelayOptions) {
    this.#options = options;
  }

  /** Sessions that are relayed. */
  get pairCount(): number {
    return this.#pairs.size;
  }

  /** Whether the hub offers this host to its peers. */
  get isLive(): boolean {
    return this.#link?.state === "live";
  }

  /** Stays connected until {@linkcode HostRelay.stop}; never rejects. */
  async run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    let lastFailure = "";
    for (let failures = 0; !signal.aborted;) {
      const failure = await this.#connect();
      failures = failure === undefined ? 0 : failures + 1;
      if (failure !== undefined && failure !== lastFailure && !signal.aborted) log(failure);
      lastFailure = failure ?? "";
      await sleep(clock, this.#retryMs(failures), signal).catch(() => {
        // Stopped, which the loop's condition sees.
      });
    }
    this.#forgetAll();
  }

  /** Leaves the hub and forgets its sessions. */
  stop(): void {
    this.#stopping.abort();
    this.#link?.connection.closeNow(1001, "UDP host shutting down");
  }

  #retryMs(failures: number): number {
    const bytes = new Uint8Array(1);
    this.#options.random(bytes);
    const baseMs = Math.min(RETRY_MS.first * 2 ** failures, RETRY_MS.longest);
    return baseMs * (1 + RETRY_MS.jitter * (bytes[0]! / 127.5 - 1));
  }

  /** One connection from dial to end; gives what went wrong, undefined if it was live. */
  async #connect(): Promise<string | undefined> {
    const { dial, place, clock, random, log } = this.#options;
    let connection: LinkConnection;
    try {
      connection = await dial(this.#stopping.signal);
    } catch (error) {
      return (error as Error).message;
    }
    const nonce: Bytes = new Uint8Array(NONCE_BYTES);
    random(nonce);
    const hello: Hello = { type: "hello", nonce, ...place };
    const link = new Link(connection, { hello, nowMs: clock.nowMs() });
    this.#link = link;
    if (this.#stopping.signal.aborted) connection.abort();
    const reason = await this.#serve(link);
    this.#link = undefined;
    if (link.state !== "live") return `The hub does not take this host: ${reason}`;
    log(`link to the hub lost: ${reason}`);
    this.#linger = clock.setTimer(() => this.#forgetAll(), LINGER_MS);
    return undefined;
  }

  async #serve(link: Link): Promise<string> {
    const { connection, pulse, hello } = link;
    const { clock, log } = this.#options;
    const sweeper = new Sweeper({
      clock,
      all: () => [link],
      onLost: () => connection.abort(),
      onSwept: (_, silentMs) => this.#sweep(link, silentMs),
    });
    link.send(hello);
    try {
      const end = await connection.run({
        text: (text) => this.#text(link, text),
        binary: () => {},
        pong: () => pulse.pong(),
        batchEnd: () => pulse.heard(),
      });
      return `${end.code} ${end.reason}`;
    } catch (error) {
      log(`internal error with the hub: ${defectText(error)}`);
      return "internal error";
    } finally {
      sweeper.stop();
    }
  }

  #sweep({ connection, pulse }: Link, silentMs: number): void {
    const nowMs = this.#options.clock.nowMs();
    if (silentMs >= SILENCE_MS) return connection.abort();
    if (nowMs - pulse.pingedMs < PING_MS) return;
    pulse.pingedMs = nowMs;
    connection.ping();
  }

  #text(link: Link, text: string): void {
    const message = parseLink(text);
    if (message?.type === "challenge" && link.state === "greeting") {
      this.#prove(link, message);
    } else if (link.state === "greeting" || message === undefined) {
      link.connection.closeNow(1008, "expected a message of version 1");
    } else if (message.type === "pair") {
      this.#pair(link, message.tokens);
    } else if (message.type === "end") {
      this.#end(encodeHex(message.token));
    } else if (message.type === "used-websocket") {
      const side = this.#options.relay.sideOf(message.token);
      if (side !== undefined) side.usesWebSocket = true;
    } else if (message.type === "synced") {
      this.#synced(link);
    }
  }

  #prove(link: Link, { nonce, proof }: Extract<LinkMessage, { type: "challenge" }>): void {
    const facts = { secret: this.#options.secret, hello: link.hello, hubNonce: nonce };
    if (!isSameProof(proof, proofOf("hub", facts))) {
      return link.connection.closeNow(1008, "wrong proof: the secrets differ");
    }
    link.state = "proving";
    link.send({ type: "proof", proof: proofOf("host", facts) });
  }

  #pair(link: Link, tokens: readonly [Bytes, Bytes]): void {
    const key = encodeHex(tokens[0]);
    link.told?.add(key);
    if (this.#pairs.has(key) || this.#pairs.size >= MAX_PAIRS) return;
    const pairing = this.#options.relay.adopt(tokens, [
      { frame: (bytes, start, end) => this.#toHub(tokens[0], { bytes, start, end }) },
      { frame: (bytes, start, end) => this.#toHub(tokens[1], { bytes, start, end }) },
    ]);
    if (pairing !== undefined) this.#pairs.set(key, pairing);
  }

  /** The hub is here again: what it did not tell of has ended meanwhile. */
  #synced(link: Link): void {
    const { told } = link;
    if (told === undefined) return;
    link.state = "live";
    link.told = undefined;
    this.#linger?.cancel();
    for (const key of [...this.#pairs.keys()]) if (!told.has(key)) this.#end(key);
    this.#options.log(`connected to the hub, sessions: ${this.#pairs.size}`);
  }

  #end(key: string): void {
    const pairing = this.#pairs.get(key);
    if (pairing === undefined) return;
    this.#pairs.delete(key);
    this.#options.relay.release(pairing);
  }

  #forgetAll(): void {
    this.#linger?.cancel();
    for (const key of [...this.#pairs.keys()]) this.#end(key);
  }

  /** A frame for an end that is not on UDP: to the hub, which has its WebSocket. */
  #toHub(
    token: Bytes,
    { bytes, start, end }: { bytes: Bytes; start: number; end: number },
  ): boolean {
    const connection = this.isLive ? this.#link?.connection : undefined;
    if (connection === undefined || connection.bufferedBytes > MAX_QUEUED_BYTES) return false;
    bytes.set(token, start - TOKEN_BYTES);
    connection.sendBinary(bytes, start - TOKEN_BYTES, end);
    return true;
  }
}
