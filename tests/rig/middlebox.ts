import { dial, isGone, Target, writeAll } from "./tcp.ts";
import { UdpDetour } from "./udp_detour.ts";

/** A connection of the peer, and the one to the hub that stands for it. */
interface Passage {
  readonly near: Deno.TcpConn;
  readonly far: Deno.TcpConn;
  isForgotten: boolean;
}

/**
 * What stands between one peer and the hub: passes its WebSockets on, and its UDP too, as it puts a
 * port of its own into the hub's offers. Does to both what networks do.
 */
export class Middlebox implements AsyncDisposable {
  /** The way by UDP through the hub. */
  readonly udp: UdpDetour = new UdpDetour();
  /** How long each piece of a TCP connection is kept, in ms. */
  tcpDelayMs = 0;
  /** What has passed by TCP, both ways. */
  passedTcpBytes = 0;
  readonly #target: Target;
  readonly #passages = new Set<Passage>();
  #hold: PromiseWithResolvers<void> | undefined;

  /** Starts to listen; `hubPort` says where to go at the moment of each connection. */
  constructor(hubPort: () => number) {
    this.#target = new Target((near) => this.#serve(near, hubPort));
  }

  /** Where the peer is to find the hub. */
  get url(): string {
    return `ws://127.0.0.1:${this.#target.port}`;
  }

  /** From now on TCP connections stay open, also new ones, but nothing passes. */
  holdTcp(): void {
    this.#hold ??= Promise.withResolvers();
  }

  /** Everything passes again, beginning with what was held. */
  releaseTcp(): void {
    this.#hold?.resolve();
    this.#hold = undefined;
  }

  /**
   * The hub's ends of all connections go, and the peer is not told: its sockets are half open. Gives
   * their number. New connections pass.
   */
  forgetTcp(): number {
    const passages = [...this.#passages].filter(({ isForgotten }) => !isForgotten);
    for (const passage of passages) {
      passage.isForgotten = true;
      close(passage.far);
    }
    return passages.length;
  }

  /** Breaks all connections and listens no longer. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.releaseTcp();
    for (const { near, far } of this.#passages) {
      close(near);
      close(far);
    }
    await this.#target[Symbol.asyncDispose]();
    await this.udp[Symbol.asyncDispose]();
  }

  async #serve(near: Deno.TcpConn, hubPort: () => number): Promise<void> {
    await this.#hold?.promise;
    const far = await dial(hubPort()).catch((error) => {
      if (error instanceof Deno.errors.ConnectionRefused) return undefined;
      throw error;
    });
    if (far === undefined) return;
    const passage: Passage = { near, far, isForgotten: false };
    this.#passages.add(passage);
    try {
      await Promise.all([this.#toHub(passage), this.#fromHub(passage)]);
    } finally {
      this.#passages.delete(passage);
      close(near);
      close(far);
    }
  }

  async #toHub(passage: Passage): Promise<void> {
    const { near, far } = passage;
    const buffer = new Uint8Array(64 * 1024);
    for (;;) {
      const count = await near.read(buffer);
      if (count === null) break;
      await this.#wait(count);
      if (!passage.isForgotten) await this.#write(passage, buffer.subarray(0, count));
    }
    if (!passage.isForgotten) await far.closeWrite();
  }

  async #fromHub(passage: Passage): Promise<void> {
    const { near, far } = passage;
    const buffer = new Uint8Array(64 * 1024);
    for (;;) {
      const count = await far.read(buffer).catch((error) => {
        if (passage.isForgotten && isGone(error)) return null;
        throw error;
      });
      if (passage.isForgotten) return;
      if (count === null) break;
      await this.#wait(count);
      const bytes = buffer.subarray(0, count);
      this.#changeOffers(bytes);
      await writeAll(near, bytes);
    }
    await near.closeWrite();
  }

  async #write(passage: Passage, bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(passage.far, bytes);
    } catch (error) {
      if (!passage.isForgotten || !isGone(error)) throw error;
    }
  }

  async #wait(lenBytes: number): Promise<void> {
    // Asked again each time, so that nothing passes once `holdTcp()` has returned.
    while (this.#hold !== undefined) await this.#hold.promise;
    this.passedTcpBytes += lenBytes;
    const delayMs = this.tcpDelayMs;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  }

  /** Puts our UDP port in place of the hub's; both have five digits, so that no length changes. */
  #changeOffers(bytes: Uint8Array): void {
    const text = new TextDecoder("latin1").decode(bytes);
    if (!text.includes('"udp-offer"')) return;
    for (const { 1: before = "", 2: port = "", index } of text.matchAll(/("port":)(\d{5})\b/g)) {
      this.udp.hubPort = Number(port);
      bytes.set(new TextEncoder().encode(String(this.udp.port)), index + before.length);
    }
  }
}

/** Closes a connection that may be closed already. */
function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
