const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A frame as it came: its first byte, and its payload. */
export interface RawFrame {
  /** FIN and opcode: 0x81 text, 0x82 binary, 0x88 close, 0x89 ping, 0x8a pong. */
  readonly first: number;
  /** The payload. */
  readonly payload: Uint8Array;
}

/** A client that writes bytes and frames by hand, for tests of what a library would not send. */
export class RawClient {
  readonly #conn: Deno.TcpConn;
  #unread = new Uint8Array(0);

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** Connects to a port of this machine. */
  static async connect(port: number): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Connects and upgrades. @throws if the answer is not 101 */
  static async upgrade(port: number, path = "/"): Promise<RawClient> {
    const client = await RawClient.connect(port);
    const head = await client.request(path, UPGRADE_HEADERS);
    if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`Cannot upgrade: ${head}`);
    return client;
  }

  /** Writes bytes or text as they are. */
  async write(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    for (let done = 0; done < bytes.length;) done += await this.#conn.write(bytes.subarray(done));
  }

  /** Sends a GET request and gives the head of the answer. */
  async request(path: string, headers: readonly string[] = []): Promise<string> {
    await this.write([`GET ${path} HTTP/1.1`, "Host: hub", ...headers, "", ""].join("\r\n"));
    let head = "";
    while (!head.endsWith("\r\n\r\n")) head += decoder.decode(await this.#take(1));
    return head;
  }

  /** The next line, without its end. */
  async line(): Promise<string> {
    let line = "";
    while (!line.endsWith("\r\n")) line += decoder.decode(await this.#take(1));
    return line.slice(0, -2);
  }

  /** Sends a masked frame; `first` as in {@linkcode RawFrame}, without 0x80 if more follow. */
  async send(first: number, payload: Uint8Array | string | object): Promise<void> {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    const body = payload instanceof Uint8Array ? payload : encoder.encode(text);
    const length = body.length < 126 ? [body.length] : [126, body.length >>> 8, body.length & 255];
    const header = [first, length[0]! | 0x80, ...length.slice(1), 1, 2, 3, 4];
    const frame = new Uint8Array(header.length + body.length);
    frame.set(header);
    for (let i = 0; i < body.length; i++) frame[header.length + i] = body[i]! ^ (i % 4 + 1);
    await this.write(frame);
  }

  /** The next frame; undefined once the connection has ended. */
  async next(): Promise<RawFrame | undefined> {
    const head = await this.#takeOrEnd(2);
    if (head === undefined) return undefined;
    let lenBytes = head[1]!;
    if (lenBytes === 126) {
      const [high, low] = await this.#take(2);
      lenBytes = high! * 256 + low!;
    }
    return { first: head[0]!, payload: await this.#take(lenBytes) };
  }

  /** The next frame, which must be a text, parsed. */
  async nextMessage(): Promise<Record<string, unknown>> {
    const frame = await this.next();
    if (frame?.first !== 0x81) throw new Error(`Expected a text, got ${frame?.first}`);
    return JSON.parse(decoder.decode(frame.payload));
  }

  /** The next frame, which must be a close frame, as `1008 reason`. */
  async nextClose(): Promise<string> {
    const frame = await this.next();
    if (frame?.first !== 0x88) throw new Error(`Expected a close frame, got ${frame?.first}`);
    const [high = 0, low = 0] = frame.payload;
    return `${high * 256 + low} ${decoder.decode(frame.payload.subarray(2))}`;
  }

  /** Closes the connection. */
  close(): void {
    this.#conn.close();
  }

  async #take(lenBytes: number): Promise<Uint8Array> {
    const taken = await this.#takeOrEnd(lenBytes);
    if (taken === undefined) throw new Error("The connection has ended");
    return taken;
  }

  async #takeOrEnd(lenBytes: number): Promise<Uint8Array | undefined> {
    const chunk = new Uint8Array(16 * 1024);
    while (this.#unread.length < lenBytes) {
      const read = await this.#conn.read(chunk).catch(() => null);
      if (read === null) return undefined;
      const unread = new Uint8Array(this.#unread.length + read);
      unread.set(this.#unread);
      unread.set(chunk.subarray(0, read), this.#unread.length);
      this.#unread = unread;
    }
    const taken = this.#unread.slice(0, lenBytes);
    this.#unread = this.#unread.slice(lenBytes);
    return taken;
  }
}

/** Headers of an ordinary upgrade. */
export const UPGRADE_HEADERS: readonly string[] = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];
