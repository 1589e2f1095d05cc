import type { CloseInfo, WebSocketHandlers } from "../../core/websocket/mod.ts";

/**
 * A WebSocket in memory whose peer is the test: it notes what the hub sends and does, and hands the
 * hub what the test lets arrive, at once and in order.
 */
export class FakeConnection {
  /** Address of the peer. */
  readonly remoteAddress: string = "192.0.2.7:40000";
  /** What was sent: texts as they are, binary messages as copies. */
  readonly sent: (string | Uint8Array)[] = [];
  /** How the hub closed it: `close 1008 reason`, `closeNow ...` or `abort`. */
  readonly closings: string[] = [];
  /** Pings sent. */
  pings: number = 0;
  #bufferedBytes = 0;
  #handlers: WebSocketHandlers | undefined;
  readonly #waiting = new Set<{ bytes: number; resolve: () => void }>();
  readonly #ended = Promise.withResolvers<CloseInfo>();

  /** Bytes that the test says are queued. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** As `WebSocketConnection.run`; ends when the test or the hub ends it. */
  run(handlers: WebSocketHandlers): Promise<CloseInfo> {
    this.#handlers = handlers;
    return this.#ended.promise;
  }

  /** Notes the text. */
  sendText(text: string): void {
    this.sent.push(text);
  }

  /** Notes a copy. */
  sendBinary(bytes: Uint8Array, start: number, end: number): void {
    this.sent.push(bytes.slice(start, end));
  }

  /** Counts. */
  ping(): void {
    this.pings++;
  }

  /** Notes it; the peer's close frame is the test's to send, with {@linkcode leave}. */
  close(code: number, reason: string): void {
    this.closings.push(`close ${code} ${reason}`);
  }

  /** Notes it; nothing arrives any more. */
  closeNow(code: number, reason: string): void {
    this.closings.push(`closeNow ${code} ${reason}`);
    this.#end({ code, reason });
  }

  /** Notes it; nothing arrives any more. */
  abort(): void {
    this.closings.push("abort");
    this.#end({ code: 1006, reason: "aborted" });
  }

  /** As `WebSocketConnection.drained`. */
  drained(bytes: number): Promise<void> {
    if (this.#bufferedBytes <= bytes) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add({ bytes, resolve }));
  }

  /** The peer stops reading with so many bytes queued for it. */
  stall(bufferedBytes: number): void {
    this.#bufferedBytes = bufferedBytes;
  }

  /** The peer reads until so many bytes are queued. */
  drainTo(bufferedBytes: number): void {
    this.#bufferedBytes = bufferedBytes;
    for (const waiter of this.#waiting) {
      if (bufferedBytes > waiter.bytes) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }

  /** A text arrives; objects are sent as JSON. The result is that of the end of the batch. */
  text(message: string | object): void | Promise<void> {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    return this.#deliver((handlers) => handlers.text(text));
  }

  /** A binary message arrives. The result is that of the end of the batch. */
  binary(message: Uint8Array<ArrayBuffer>): void | Promise<void> {
    return this.#deliver((handlers) => handlers.binary(message, 0, message.length));
  }

  /** A pong arrives. */
  pong(): void {
    this.#deliver((handlers) => handlers.pong?.());
  }

  /** A ping arrives. */
  pinged(): void {
    this.#deliver((handlers) => handlers.ping?.());
  }

  /** The peer goes away. */
  leave(code = 1006, reason = "connection lost"): void {
    this.#end({ code, reason });
  }

  /** The texts sent so far, parsed, and forgets all that was sent. */
  takeMessages(): unknown[] {
    const texts = this.sent.filter((message) => typeof message === "string");
    this.sent.length = 0;
    return texts.map((text) => JSON.parse(text));
  }

  /** As on a real one, an exception of a handler ends the connection and passes through. */
  #deliver(hand: (handlers: WebSocketHandlers) => void): void | Promise<void> {
    const handlers = this.#handlers;
    if (handlers === undefined) return;
    try {
      hand(handlers);
    } catch (error) {
      this.#handlers = undefined;
      this.#ended.reject(error);
      return;
    }
    return handlers.batchEnd?.();
  }

  #end(info: CloseInfo): void {
    this.#handlers = undefined;
    this.drainTo(0);
    this.#ended.resolve(info);
  }
}
