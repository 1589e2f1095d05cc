import {
  applyMask,
  CloseCode,
  FIN_BIT,
  MASK_BIT,
  MAX_CONTROL_PAYLOAD_BYTES,
  MAX_HEADER_BYTES,
  Opcode,
} from "./frame.ts";

/** Receives what a {@linkcode FrameParser} finds, in order. */
export interface FrameEvents {
  /** A whole text message. */
  text(text: string): void;
  /** A whole binary message, borrowed: the bytes are valid until the call returns. */
  binary(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void;
  /** A ping; `payload` is borrowed. */
  ping(payload: Uint8Array): void;
  /** A pong. */
  pong(): void;
  /** A close frame; 1005 where it carried no code. Nothing follows it. */
  close(code: number, reason: string): void;
  /** The peer broke the protocol: the connection is to be failed with `code`. Nothing follows it. */
  violation(code: number, reason: string): void;
}

/** Options of {@linkcode FrameParser}. */
export interface FrameParserOptions {
  /** Frames must be masked (at a server) or must not be (at a client). Spec: RFC 6455 §5.1 */
  masked: boolean;
  /** Longest message accepted, in bytes; a longer one is a violation with code 1009. */
  maxMessageBytes: number;
  /** Receives what is found. */
  events: FrameEvents;
}

const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(0);

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function isControl(opcode: number): boolean {
  return (opcode & 0x8) !== 0;
}

/** A received code may be one of the registered ones, or one of the ranges for libraries and applications. */
function isValidCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) ||
    (code >= 3000 && code <= 4999);
}

/**
 * Turns a stream of bytes, cut anywhere, into WebSocket messages. A frame that lies whole in one
 * chunk is unmasked and handed out in place; only one that crosses chunks is copied.
 *
 * Spec: RFC 6455 §5. No extension is ever negotiated, so reserved bits are violations.
 */
export class FrameParser {
  readonly #masked: boolean;
  readonly #maxMessageBytes: number;
  readonly #events: FrameEvents;

  /** The bytes of a header that crosses chunks; `#headerLen` of them are there. */
  #header: Uint8Array | undefined;
  #headerLen = 0;

  /** Fields of the current frame, valid once its header is whole. */
  #first = 0;
  #payloadBytes = 0;
  #maskKey = 0;

  /** The payload of a frame that crosses chunks; `#filled` bytes of it are there. */
  #payload: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;

  /** Fragments of the current message, joined, and the opcode that it began with; 0 between messages. */
  #message: Uint8Array<ArrayBuffer> = NO_BYTES;
  #messageBytes = 0;
  #messageOpcode = 0;

  #ended = false;

  /** Makes a parser at the start of a stream. */
  constructor({ masked, maxMessageBytes, events }: FrameParserOptions) {
    this.#masked = masked;
    this.#maxMessageBytes = maxMessageBytes;
    this.#events = events;
  }

  /** Takes the next bytes of the stream, which may be changed in place; borrows them. */
  push(chunk: Uint8Array<ArrayBuffer>): void {
    let at = 0;
    while (at < chunk.length && !this.#ended) {
      if (this.#payload !== undefined) {
        at = this.#fillPayload(chunk, at);
        continue;
      }
      at = this.#readHeader(chunk, at);
      if (this.#headerLen > 0 || this.#ended) continue;
      if (chunk.length - at >= this.#payloadBytes) {
        const end = at + this.#payloadBytes;
        this.#frame(chunk, at, end);
        at = end;
      } else {
        this.#payload = new Uint8Array(this.#payloadBytes);
        this.#filled = 0;
      }
    }
  }

  /** Finds nothing more, not even in the chunk at hand: the connection has been given up. */
  stop(): void {
    this.#ended = true;
  }

  #fillPayload(chunk: Uint8Array<ArrayBuffer>, at: number): number {
    const payload = this.#payload!;
    const end = Math.min(chunk.length, at + payload.length - this.#filled);
    payload.set(chunk.subarray(at, end), this.#filled);
    this.#filled += end - at;
    if (this.#filled === payload.length) {
      this.#payload = undefined;
      this.#frame(payload, 0, payload.length);
    }
    return end;
  }

  /**
   * Reads a header at `at` and returns the offset behind what it used. `#headerLen` is 0 once the
   * header is whole.
   */
  #readHeader(chunk: Uint8Array, at: number): number {
    if (this.#headerLen === 0 && chunk.length - at >= 2) {
      const length = this.#headerLength(chunk[at + 1]!);
      if (chunk.length - at >= length) {
        this.#decodeHeader(chunk, at);
        return at + length;
      }
    }
    const header = this.#header ??= new Uint8Array(MAX_HEADER_BYTES);
    while (at < chunk.length) {
      header[this.#headerLen++] = chunk[at++]!;
      if (this.#headerLen < 2 || this.#headerLen < this.#headerLength(header[1]!)) continue;
      this.#headerLen = 0;
      this.#decodeHeader(header, 0);
      break;
    }
    return at;
  }

  #headerLength(second: number): number {
    const length = second & 0x7f;
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & MASK_BIT) !== 0 ? 4 : 0);
  }

  #decodeHeader(bytes: Uint8Array, at: number): void {
    this.#first = bytes[at]!;
    const second = bytes[at + 1]!;
    let length = second & 0x7f;
    let next = at + 2;
    if (length === 126) {
      length = bytes[next]! << 8 | bytes[next + 1]!;
      next += 2;
    } else if (length === 127) {
      length = readUint32(bytes, next) * 2 ** 32 + readUint32(bytes, next + 4);
      next += 8;
    }
    this.#payloadBytes = length;
    const masked = (second & MASK_BIT) !== 0;
    this.#maskKey = masked ? readUint32(bytes, next) : 0;
    this.#checkHeader(masked);
  }

  #checkHeader(masked: boolean): void {
    const opcode = this.#first & 0x0f;
    const final = (this.#first & FIN_BIT) !== 0;
    if ((this.#first & 0x70) !== 0) return this.#fail("reserved bit set");
    if (masked !== this.#masked) {
      return this.#fail(masked ? "frame from a server is masked" : "frame is not masked");
    }
    if (isControl(opcode)) {
      if (opcode > Opcode.pong) return this.#fail("unknown opcode");
      if (!final) return this.#fail("fragmented control frame");
      if (this.#payloadBytes > MAX_CONTROL_PAYLOAD_BYTES) return this.#fail("long control frame");
      return;
    }
    if (opcode > Opcode.binary) return this.#fail("unknown opcode");
    if ((opcode === Opcode.continuation) !== (this.#messageOpcode !== 0)) {
      return this.#fail("continuation out of place");
    }
    if (this.#messageBytes + this.#payloadBytes > this.#maxMessageBytes) {
      this.#fail("message too big", CloseCode.tooBig);
    }
  }

  #fail(reason: string, code: number = CloseCode.protocolError): void {
    this.#ended = true;
    this.#headerLen = 0;
    this.#message = NO_BYTES;
    this.#events.violation(code, reason);
  }

  #frame(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    if (this.#masked) applyMask(bytes, start, end, this.#maskKey);
    const opcode = this.#first & 0x0f;
    const final = (this.#first & FIN_BIT) !== 0;
    if (isControl(opcode)) return this.#controlFrame(opcode, bytes.subarray(start, end));
    if (final && opcode === Opcode.binary) return this.#events.binary(bytes, start, end);
    if (final && opcode === Opcode.text) return this.#text(bytes.subarray(start, end));
    this.#append(bytes.subarray(start, end));
    if (opcode !== Opcode.continuation) this.#messageOpcode = opcode;
    if (final) this.#endMessage();
  }

  /** Joins fragments as they come: kept apart, each would take some hundred bytes, even an empty one. */
  #append(fragment: Uint8Array): void {
    const neededBytes = this.#messageBytes + fragment.length;
    if (neededBytes > this.#message.length) {
      const roomBytes = Math.min(2 * this.#message.length, this.#maxMessageBytes);
      const grown = new Uint8Array(Math.max(neededBytes, roomBytes));
      grown.set(this.#message.subarray(0, this.#messageBytes));
      this.#message = grown;
    }
    this.#message.set(fragment, this.#messageBytes);
    this.#messageBytes = neededBytes;
  }

  #endMessage(): void {
    const opcode = this.#messageOpcode;
    const message = this.#message;
    const end = this.#messageBytes;
    this.#message = NO_BYTES;
    this.#messageBytes = 0;
    this.#messageOpcode = 0;
    if (opcode === Opcode.binary) this.#events.binary(message, 0, end);
    else this.#text(message.subarray(0, end));
  }

  #text(bytes: Uint8Array): void {
    const text = decodeUtf8(bytes);
    if (text === undefined) this.#fail("text is not UTF-8", CloseCode.invalidPayload);
    else this.#events.text(text);
  }

  #controlFrame(opcode: number, payload: Uint8Array): void {
    if (opcode === Opcode.ping) return this.#events.ping(payload);
    if (opcode === Opcode.pong) return this.#events.pong();
    if (payload.length === 1) return this.#fail("close frame of one byte");
    const code = payload.length === 0 ? CloseCode.noStatus : payload[0]! << 8 | payload[1]!;
    if (payload.length > 0 && !isValidCloseCode(code)) return this.#fail("invalid close code");
    const reason = decodeUtf8(payload.subarray(2));
    if (reason === undefined) return this.#fail("close reason is not UTF-8", 1007);
    this.#ended = true;
    this.#events.close(code, reason);
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>>
    0;
}
