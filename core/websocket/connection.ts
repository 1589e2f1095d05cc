import type { Random } from "../bytes/mod.ts";
import type { Clock, Timer } from "../clock/mod.ts";
import { applyMask, CloseCode, headerBytes, Opcode, writeFrameHeader } from "./frame.ts";
import { FrameParser } from "./parser.ts";
import type { ByteStream } from "../stream/mod.ts";
import { WriteQueue } from "./write_queue.ts";

/** How a WebSocket ended. */
export interface CloseInfo {
  /** Status code of the close frame that came first; 1005 if it had none, 1006 if there was none. */
  code: number;
  /** Its reason, or what went wrong. */
  reason: string;
}

/** Receives what arrives on a {@linkcode WebSocketConnection}, in order. */
export interface WebSocketHandlers {
  /** A whole text message. */
  text(text: string): void;
  /** A whole binary message, borrowed until the call returns; it may be changed in place. */
  binary(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void;
  /** A ping arrived; its pong has been queued. */
  ping?(): void;
  /** A pong arrived. */
  pong?(): void;
  /** All messages of one read have been handed over. A promise holds back the next read. */
  batchEnd?(): void | Promise<void>;
}

/** Options of {@linkcode WebSocketConnection}. */
export interface WebSocketOptions {
  /** The stream behind the handshake; taken. */
  stream: ByteStream;
  /** A client masks what it sends. */
  role: "client" | "server";
  /** Times the wait for the peer's close frame. */
  clock: Clock;
  /** Makes masking keys. */
  random: Random;
  /** Longest message accepted, in bytes. Default 4 MiB. */
  maxMessageBytes?: number;
  /** Address of the peer. Default: that of the stream, which behind a proxy is the proxy's. */
  remoteAddress?: string;
}

/** Longest message accepted unless the owner says otherwise. */
const DEFAULT_MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** How long a peer may take to answer a close frame before the connection is cut. */
const CLOSE_TIMEOUT_MS = 5000;

/**
 * Pings are answered one by one as long as no more than this waits for the peer to read; then only the
 * latest, once it has read: a peer that pings and does not read would fill the memory with pongs.
 *
 * Spec: RFC 6455 §5.5.3
 */
const MAX_BUFFERED_AT_PONG_BYTES = 1024 * 1024;

/** Masking keys are drawn in batches, for a call of the random source costs more than a frame. */
const MASK_KEYS_PER_DRAW = 256;

const encoder = new TextEncoder();

function truncateReason(reason: string): Uint8Array {
  const bytes = new Uint8Array(123);
  return bytes.subarray(0, encoder.encodeInto(reason, bytes).written);
}

/**
 * A WebSocket behind its handshake. Unlike the platform's it shows pings, sends any close code,
 * batches writes and lets its owner hold back reading. Calls after the end are ignored.
 *
 * Spec: RFC 6455; wire.md 1.2, 1.5
 */
export class WebSocketConnection {
  /** Address of the peer for logs. */
  readonly remoteAddress: string;
  readonly #stream: ByteStream;
  readonly #queue: WriteQueue;
  readonly #parser: FrameParser;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #maskKeys: Uint32Array<ArrayBuffer> | undefined;
  #nextMaskKey = MASK_KEYS_PER_DRAW;
  #handlers: WebSocketHandlers | undefined;
  /** `closing`: a close frame is queued, nothing more is sent. `ended`: nothing is read either. */
  #state: "open" | "closing" | "ended" = "open";
  #closeInfo: CloseInfo | undefined;
  #closeTimer: Timer | undefined;
  /** Made when somebody asks, which for most connections nobody does. */
  #closed: PromiseWithResolvers<void> | undefined;
  #endHold: (() => void) | undefined;
  /** Payload of a ping that is to be answered once the peer reads again. */
  #owedPong: Uint8Array | undefined;

  /** Takes the stream; nothing is read before {@linkcode WebSocketConnection.run}. */
  constructor(options: WebSocketOptions) {
    const { stream, role, clock, random, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = options;
    this.remoteAddress = options.remoteAddress ?? stream.remoteAddress;
    this.#stream = stream;
    this.#queue = new WriteQueue(stream);
    this.#clock = clock;
    this.#random = random;
    this.#maskKeys = role === "client" ? new Uint32Array(MASK_KEYS_PER_DRAW) : undefined;
    this.#parser = new FrameParser({
      masked: role === "server",
      maxMessageBytes,
      events: {
        text: (text) => this.#handlers?.text(text),
        binary: (bytes, start, end) => this.#handlers?.binary(bytes, start, end),
        ping: (payload) => this.#onPing(payload),
        pong: () => this.#handlers?.pong?.(),
        close: (code, reason) => this.#onClose(code, reason),
        violation: (code, reason) => this.closeNow(code, reason),
      },
    });
  }

  /** Bytes queued and not yet taken by the operating system. */
  get bufferedBytes(): number {
    return this.#queue.bufferedBytes;
  }

  /** Resolves once the stream is closed; never rejects. */
  get closed(): Promise<void> {
    if (this.#state === "ended") return Promise.resolve();
    this.#closed ??= Promise.withResolvers();
    return this.#closed.promise;
  }

  /** Resolves once at most `bytes` are queued, or the connection can send no more. */
  drained(bytes: number): Promise<void> {
    return this.#queue.drained(bytes);
  }

  /** Queues a text message. */
  sendText(text: string): void {
    const bytes = encoder.encode(text);
    this.#send(Opcode.text, bytes, 0, bytes.length);
  }

  /** Queues a copy of the bytes from `start` to `end` as a binary message. */
  sendBinary(bytes: Uint8Array, start: number, end: number): void {
    this.#send(Opcode.binary, bytes, start, end);
  }

  /** Queues an empty ping. */
  ping(): void {
    this.#send(Opcode.ping, new Uint8Array(0), 0, 0);
  }

  /** Queues a close frame and waits for the peer's, at most 5 s; what arrives is still handled. */
  close(code: number, reason: string): void {
    this.#queueClose(code, reason);
  }

  /** Queues a close frame and ends the connection behind it; nothing more is handled. */
  closeNow(code: number, reason: string): void {
    if (!this.#queueClose(code, reason)) return;
    this.#parser.stop();
    this.#handlers = undefined;
    this.#finishWriting();
  }

  /** Ends the connection at once, without a close frame. */
  abort(): void {
    this.#end({ code: CloseCode.abnormal, reason: "aborted" });
  }

  /**
   * Reads and hands over messages until a close frame came, the connection broke or it was closed
   * from this side for good; to be called once. The stream may outlive the call by up to 5 s, see
   * {@linkcode WebSocketConnection.closed}. An exception of a handler aborts the connection and
   * passes through.
   */
  async run(handlers: WebSocketHandlers): Promise<CloseInfo> {
    this.#handlers = handlers;
    try {
      while (this.#handlers !== undefined) {
        let chunk: Uint8Array<ArrayBuffer> | null;
        try {
          chunk = await this.#stream.read();
        } catch {
          // How a transport broke is of no use to a WebSocket: it reports 1006 for each of the ways.
          break;
        }
        if (chunk === null) break;
        this.#parser.push(chunk);
        const hold = this.#handlers?.batchEnd?.();
        if (hold !== undefined) await this.#held(hold);
      }
      if (this.#closeInfo !== undefined) this.#linger();
    } finally {
      if (this.#closeInfo === undefined) {
        this.#end({ code: CloseCode.abnormal, reason: "connection lost" });
      }
    }
    return this.#closeInfo!;
  }

  /** Waits for `hold`, or the end of the stream. A race with `closed` would leave something there for
   * each hold, which is a leak as long as the connection lives. */
  #held(hold: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#endHold = resolve;
      hold.then(resolve, reject);
    });
  }

  /**
   * Discards what still arrives until the peer has finished too, or the close timer has run out.
   * Closing with unread bytes would make the kernel send a reset, which can destroy the close frame
   * before the peer has read it.
   */
  async #linger(): Promise<void> {
    try {
      while (this.#state !== "ended" && await this.#stream.read() !== null);
    } catch {
      // The peer has finished, if not as it should.
    }
    this.#end(this.#closeInfo!);
  }

  #send(opcode: Opcode, payload: Uint8Array, start: number, end: number): void {
    if (this.#state !== "open") return;
    const lenBytes = end - start;
    const masked = this.#maskKeys !== undefined;
    const room = this.#queue.reserve(headerBytes(lenBytes, masked) + lenBytes);
    if (room === undefined) return;
    const maskKey = this.#maskKey();
    const at = writeFrameHeader(room.bytes, room.offset, opcode, lenBytes, maskKey);
    room.bytes.set(payload.subarray(start, end), at);
    if (maskKey !== undefined) applyMask(room.bytes, at, at + lenBytes, maskKey);
  }

  #maskKey(): number | undefined {
    const keys = this.#maskKeys;
    if (keys === undefined) return undefined;
    if (this.#nextMaskKey === MASK_KEYS_PER_DRAW) {
      this.#random(new Uint8Array(keys.buffer));
      this.#nextMaskKey = 0;
    }
    return keys[this.#nextMaskKey++]!;
  }

  #queueClose(code: number, reason: string): boolean {
    if (this.#state !== "open") return false;
    const text = truncateReason(reason);
    const payload = new Uint8Array(code === CloseCode.noStatus ? 0 : 2 + text.length);
    if (payload.length > 0) {
      payload[0] = code >>> 8;
      payload[1] = code;
      payload.set(text, 2);
    }
    this.#send(Opcode.close, payload, 0, payload.length);
    this.#state = "closing";
    this.#closeInfo ??= { code, reason };
    this.#closeTimer = this.#clock.setTimer(() => this.#end(this.#closeInfo!), CLOSE_TIMEOUT_MS);
    return true;
  }

  #onPing(payload: Uint8Array): void {
    if (this.#queue.bufferedBytes > MAX_BUFFERED_AT_PONG_BYTES) this.#pongLater(payload);
    else this.#send(Opcode.pong, payload, 0, payload.length);
    this.#handlers?.ping?.();
  }

  async #pongLater(payload: Uint8Array): Promise<void> {
    const isWaiting = this.#owedPong !== undefined;
    this.#owedPong = payload.slice();
    if (isWaiting) return;
    await this.#queue.drained(MAX_BUFFERED_AT_PONG_BYTES);
    this.#send(Opcode.pong, this.#owedPong, 0, this.#owedPong.length);
    this.#owedPong = undefined;
  }

  #onClose(code: number, reason: string): void {
    this.#closeInfo ??= { code, reason };
    this.#queueClose(code, reason);
    this.#handlers = undefined;
    this.#finishWriting();
  }

  async #finishWriting(): Promise<void> {
    await this.#queue.drained(0);
    try {
      await this.#stream.closeWrite();
    } catch {
      // The peer has closed already.
      this.#end(this.#closeInfo!);
    }
  }

  #end(info: CloseInfo): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#closeInfo ??= info;
    this.#closeTimer?.cancel();
    this.#parser.stop();
    this.#handlers = undefined;
    this.#queue.discard();
    this.#stream.close();
    this.#closed?.resolve();
    this.#endHold?.();
  }
}
