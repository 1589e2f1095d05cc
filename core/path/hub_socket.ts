import type { Random } from "../bytes/mod.ts";
import type { Clock, Timer } from "../clock/mod.ts";
import { type ControlMessage, encodeControl, parseControl, type UdpOffer } from "../control/mod.ts";
import {
  type CloseInfo,
  type DialOptions,
  dialWebSocket,
  type WebSocketConnection,
} from "../websocket/mod.ts";

/** A hub from which nothing came for so long is pinged, and again after as long. */
const PING_INTERVAL_MS = 4_000;

/**
 * A socket on which nothing arrived for so long is dead: two pings are then unanswered.
 *
 * Deviation from wire.md 1.3 (pings every 20 s, an end after 45 s in which only pings and pongs
 * count), which a hub notices by nothing but the pings: dead means noticed within 10 s.
 */
const READ_TIMEOUT_MS = 9_500;

/**
 * The same until the hub has sent its first message: while it waits for an agent, or dials another
 * hub for us, one of the reference may not read. Spec: wire.md 1.3, 6.2
 */
const FIRST_READ_TIMEOUT_MS = 45_000;

/** A timer that is late by so much tells of a machine that slept: silence in that time is nothing. */
const LATE_MS = 2_000;

/** Time for the answer to the ping after a sleep. */
const AFTER_SLEEP_MS = 4_000;

/** Messages that may wait for their reader. A peer that sends more unasked is cut off. */
const MAX_WAITING_MESSAGES = 256;

/** Binary messages kept for a handler that is not attached yet; the newest are dropped. */
const MAX_EARLY_FRAMES = 16;

/** Receives the binary messages of a {@linkcode HubSocket}. */
export interface FrameHandler {
  /** A binary message, borrowed until the call returns; it may be changed in place. */
  frame(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void;
  /** All messages of one read have been handed over. */
  batchEnd(): void;
  /** An offer of the hub, which does not come by {@linkcode HubSocket.next}; the last early one too. */
  offer?(offer: UdpOffer): void;
}

/** Counts of what a {@linkcode HubSocket} dropped, by reason. */
export interface HubSocketDrops {
  /** Texts that are no control message. */
  invalidTexts: number;
  /** Control messages of types that this implementation does not know. */
  unknownTexts: number;
  /** Binary messages that came before there was a handler, beyond the few that are kept. */
  earlyFrames: number;
}

/**
 * A connection of an agent or client to its hub: control messages in order, relay frames for who
 * attaches, and liveness. The socket is dropped when the hub has been silent for 9.5 s.
 *
 * Spec: wire.md 1.2, 1.3
 */
export class HubSocket {
  /** What was dropped, by reason. */
  readonly drops: HubSocketDrops = { invalidTexts: 0, unknownTexts: 0, earlyFrames: 0 };
  /** Resolves when the socket has ended, with the close frame's code and reason; never rejects. */
  readonly closed: Promise<CloseInfo>;
  /** Host of the URL the hub was dialled by, if it was dialled. */
  readonly urlHost: string | undefined;
  readonly #ws: WebSocketConnection;
  readonly #clock: Clock;
  readonly #messages: ControlMessage[] = [];
  #wakeReader: (() => void) | undefined;
  #handler: FrameHandler | undefined;
  #earlyFrames: Uint8Array<ArrayBuffer>[] = [];
  #earlyOffer: UdpOffer | undefined;
  #lastHeardMs: number;
  #pingedMs: number;
  #timeoutMs = FIRST_READ_TIMEOUT_MS;
  #timerAtMs = 0;
  #timer: Timer | undefined;
  #ended = false;

  /** Takes an open WebSocket and starts reading it; `urlHost` is the host it was dialled by. */
  constructor(ws: WebSocketConnection, clock: Clock, { urlHost }: { urlHost?: string } = {}) {
    this.#ws = ws;
    this.#clock = clock;
    this.urlHost = urlHost;
    this.#lastHeardMs = this.#pingedMs = clock.nowMs();
    this.#setTimer();
    this.closed = this.#run();
  }

  /** Address of the hub, or of the proxy before it, for logs. */
  get remoteAddress(): string {
    return this.#ws.remoteAddress;
  }

  /** Bytes queued and not yet taken by the operating system. */
  get bufferedBytes(): number {
    return this.#ws.bufferedBytes;
  }

  /** Resolves once at most `bytes` are queued, or the socket can send no more. */
  drained(bytes: number): Promise<void> {
    return this.#ws.drained(bytes);
  }

  /** Sends a control message; ignored once the socket has ended. */
  send(message: ControlMessage): void {
    this.#ws.sendText(encodeControl(message));
  }

  /** Sends a copy of a relay frame; ignored once the socket has ended. */
  sendFrame(bytes: Uint8Array, start: number, end: number): void {
    this.#ws.sendBinary(bytes, start, end);
  }

  /** The next control message; undefined once the socket has ended. One caller at a time. */
  async next(): Promise<ControlMessage | undefined> {
    while (this.#messages.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
    return this.#messages.shift();
  }

  /** Hands over binary messages from now on, beginning with the few that came early. */
  attach(handler: FrameHandler): void {
    this.#handler = handler;
    const early = this.#earlyFrames;
    this.#earlyFrames = [];
    for (const frame of early) handler.frame(frame, 0, frame.length);
    handler.batchEnd();
    if (this.#earlyOffer !== undefined) handler.offer?.(this.#earlyOffer);
    this.#earlyOffer = undefined;
  }

  /** Ends the socket: with a close frame if a code is given, else without one. */
  close(code?: number, reason: string = ""): void {
    if (code === undefined) this.#ws.abort();
    else this.#ws.closeNow(code, reason);
  }

  async #run(): Promise<CloseInfo> {
    const heard = () => void (this.#lastHeardMs = this.#clock.nowMs());
    try {
      return await this.#ws.run({
        text: (text) => this.#onText(text),
        binary: (bytes, start, end) => this.#onBinary(bytes, start, end),
        batchEnd: () => {
          heard();
          this.#handler?.batchEnd();
        },
      });
    } finally {
      this.#ended = true;
      this.#timer?.cancel();
      this.#wake();
    }
  }

  #onText(text: string): void {
    this.#timeoutMs = READ_TIMEOUT_MS;
    const message = parseControl(text);
    if (message.type === "invalid") this.drops.invalidTexts++;
    else if (message.type === "unknown") this.drops.unknownTexts++;
    else if (message.type === "udp-offer") this.#onOffer(message);
    else if (this.#messages.length === MAX_WAITING_MESSAGES) {
      this.#ws.closeNow(1008, "too many messages");
    } else {
      this.#messages.push(message);
      this.#wake();
    }
  }

  /** The hub offers while signalling may still wait for the peer, whose concern it is not. */
  #onOffer(offer: UdpOffer): void {
    if (this.#handler === undefined) this.#earlyOffer = offer;
    else this.#handler.offer?.(offer);
  }

  #onBinary(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    if (this.#handler !== undefined) this.#handler.frame(bytes, start, end);
    else if (this.#earlyFrames.length < MAX_EARLY_FRAMES) {
      this.#earlyFrames.push(bytes.slice(start, end));
    } else this.drops.earlyFrames++;
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }

  /** Pings now and expects an answer soon: the machine slept or its network changed. */
  probeNow(): void {
    if (this.#ended) return;
    const nowMs = this.#clock.nowMs();
    const deadlineMs = nowMs + AFTER_SLEEP_MS;
    this.#lastHeardMs = deadlineMs - this.#timeoutMs;
    this.#pingedMs = nowMs;
    this.#ws.ping();
    this.#timer?.cancel();
    this.#setTimer();
  }

  #setTimer(): void {
    const pingMs = Math.max(this.#lastHeardMs, this.#pingedMs) + PING_INTERVAL_MS;
    this.#timerAtMs = Math.min(pingMs, this.#lastHeardMs + this.#timeoutMs);
    const delayMs = this.#timerAtMs - this.#clock.nowMs();
    this.#timer = this.#clock.setTimer(() => this.#onTimer(), delayMs);
  }

  #onTimer(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#timerAtMs > LATE_MS) return this.probeNow();
    if (nowMs >= this.#lastHeardMs + this.#timeoutMs) return this.#ws.abort();
    if (nowMs >= Math.max(this.#lastHeardMs, this.#pingedMs) + PING_INTERVAL_MS) {
      this.#ws.ping();
      this.#pingedMs = nowMs;
    }
    this.#setTimer();
  }
}

/** Options of {@linkcode dialHub}. */
export interface DialHubOptions {
  /** `ws:` or `wss:` URL of the hub; its path is kept. */
  url: string;
  /** Times the attempt and the socket. */
  clock: Clock;
  /** Makes handshake and masking keys. */
  random: Random;
  /** Gives the attempt up; no effect once the socket is open. */
  signal?: AbortSignal | undefined;
}

/**
 * Connects to a hub.
 *
 * @throws {import("../websocket/mod.ts").DialError} if the hub cannot be reached within 15 s
 */
export async function dialHub({ signal, ...options }: DialHubOptions): Promise<HubSocket> {
  const dial: DialOptions = { ...options, ...(signal && { signal }) };
  const urlHost = new URL(options.url).hostname.replace(/^\[|\]$/g, "");
  return new HubSocket(await dialWebSocket(dial), options.clock, { urlHost });
}
