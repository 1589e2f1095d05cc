import type { CloseInfo, WebSocketHandlers } from "../../core/websocket/mod.ts";
import type { LinkConnection } from "../udp_link/mod.ts";

type Delivery = (handlers: WebSocketHandlers) => void;

/** One end of a {@linkcode linkPipe}. */
export class PipeEnd implements LinkConnection {
  /** Address of the other end. */
  readonly remoteAddress: string = "192.0.2.50:50000";
  /** Bytes that the test says are queued. */
  bufferedBytes = 0;
  /** While true, nothing arrives here: the other end looks silent. */
  isDeaf = false;
  /** Texts that arrived here. */
  readonly texts: string[] = [];
  #other: PipeEnd | undefined;
  #handlers: WebSocketHandlers | undefined;
  #arrived: Delivery[] = [];
  readonly #ended = Promise.withResolvers<CloseInfo>();

  /** Makes two ends the ends of one pipe. */
  static join(a: PipeEnd, b: PipeEnd): void {
    a.#other = b;
    b.#other = a;
  }

  /** As on a WebSocket; what arrived before is handed over now. */
  run(handlers: WebSocketHandlers): Promise<CloseInfo> {
    this.#handlers = handlers;
    this.#flush();
    return this.#ended.promise;
  }

  /** Arrives a turn later. */
  sendText(text: string): void {
    this.#send((handlers) => handlers.text(text), text);
  }

  /** A copy arrives a turn later. */
  sendBinary(bytes: Uint8Array, start: number, end: number): void {
    const copy = bytes.slice(start, end) as Uint8Array<ArrayBuffer>;
    this.#send((handlers) => handlers.binary(copy, 0, copy.length));
  }

  /** Is answered if it is heard. */
  ping(): void {
    this.#send((handlers) => {
      handlers.ping?.();
      if (this.#other !== undefined) this.#other.#send((handlers) => handlers.pong?.());
    });
  }

  /** Ends both ends. */
  closeNow(code: number, reason: string): void {
    this.#end({ code, reason });
  }

  /** Ends both ends. */
  abort(): void {
    this.#end({ code: 1006, reason: "aborted" });
  }

  #send(delivery: Delivery, text?: string): void {
    const other = this.#other;
    if (other === undefined || other.isDeaf) return;
    if (text !== undefined) other.texts.push(text);
    other.#arrived.push(delivery);
    queueMicrotask(() => other.#flush());
  }

  #flush(): void {
    while (this.#handlers !== undefined && this.#arrived.length > 0) {
      this.#arrived.shift()!(this.#handlers);
      this.#handlers?.batchEnd?.();
    }
  }

  #end(info: CloseInfo): void {
    const other = this.#other;
    this.#other = undefined;
    this.#handlers = undefined;
    this.#ended.resolve(info);
    if (other !== undefined) other.#end(info);
  }
}

/** A WebSocket in memory, both of whose ends are under test. */
export function linkPipe(): { hub: PipeEnd; host: PipeEnd } {
  const [hub, host] = [new PipeEnd(), new PipeEnd()];
  PipeEnd.join(hub, host);
  return { hub, host };
}
