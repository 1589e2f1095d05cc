import { PacketPool } from "../../bytes/mod.ts";
import { ManualClock } from "../../clock/mod.ts";
import {
  IPV4_HEADER_BYTES,
  type Ipv4Address,
  ipv4Address,
  PROTOCOL_TCP,
  pseudoHeaderSum,
  writeIpv4Header,
} from "../../ip/mod.ts";
import { Netstack, type TcpConn, TcpError, type TcpListener } from "../../netstack/mod.ts";
import type { CallEvent, Host, LookEvent } from "./host.ts";
import { hostOptions } from "./options.ts";
import { ScriptError, type SegmentSpec } from "./script.ts";
import { type Bases, encodeSegment, isSyn, type SentSegment, streamByte } from "./wire.ts";

const LOCAL: Ipv4Address = ipv4Address(0x0a4d0101);
const PEER: Ipv4Address = ipv4Address(0x0a4d0102);
const INBOUND = { source: PEER, destination: LOCAL, protocol: PROTOCOL_TCP } as const;
const LISTEN_PORT = 80;

/** Turns of the queue of promises that any chain of them here needs at most. */
const TURNS = 64;

/** Runs a script against a whole stack with IP packets: ports, listeners, connections that come anew. */
export class StackHost implements Host {
  readonly bases: Bases;
  readonly pseudoSum: number = pseudoHeaderSum(INBOUND);
  readonly sent: SentSegment[] = [];
  readonly #clock = new ManualClock();
  readonly #pool = new PacketPool({ maxPacketBytes: 16384 });
  readonly #stack: Netstack;
  #listener: TcpListener | undefined;
  #conn: TcpConn | undefined;
  #error: unknown;
  #written = 0;
  #read = 0;

  /** A stack without connections; `options` are those of the script. */
  constructor(options: ReadonlyMap<string, string>) {
    const { mtuBytes, peerIss, tcp } = hostOptions(options);
    this.bases = { localIss: 0, peerIss, ports: [40000, LISTEN_PORT] };
    this.#stack = new Netstack({
      localAddress: LOCAL,
      peerAddress: PEER,
      mtuBytes,
      clock: this.#clock,
      random: (out) => out.fill(7),
      pool: this.#pool,
      output: (packet) => {
        const bytes = packet.bytes.slice(packet.start + IPV4_HEADER_BYTES, packet.end);
        this.#pool.give(packet);
        this.#record({ atMs: this.#clock.nowMs(), bytes });
      },
      tcp,
    });
  }

  async advance(untilMs: number): Promise<void> {
    for (;;) {
      const nowMs = this.#clock.nowMs();
      const nextMs = Math.min(this.#clock.nextTimerMs(), untilMs);
      this.#clock.advance(Math.max(nextMs - nowMs, 0));
      await settle();
      if (nextMs >= untilMs && this.#clock.nextTimerMs() > untilMs) return;
    }
  }

  async inject(spec: SegmentSpec, held: boolean): Promise<void> {
    const segment = encodeSegment(spec, this);
    const bytes = new Uint8Array(IPV4_HEADER_BYTES + segment.length);
    writeIpv4Header(new DataView(bytes.buffer), 0, bytes.length, INBOUND);
    bytes.set(segment, IPV4_HEADER_BYTES);
    const nowMs = this.#clock.nowMs();
    this.#stack.input(bytes, 0, bytes.length, nowMs);
    if (held) return;
    this.#stack.flush(nowMs);
    await settle();
  }

  async call({ line, name, amount }: CallEvent): Promise<void> {
    this.#error = undefined;
    switch (name) {
      case "listen": {
        const backlog = amount === undefined ? {} : { backlog: amount };
        this.#listener = this.#stack.listen({ port: LISTEN_PORT, ...backlog });
        break;
      }
      case "close-listener":
        this.#listener?.close();
        break;
      case "connect":
        this.#wait(this.#stack.connect({ port: amount! }).then((conn) => this.#use(conn)));
        break;
      case "accept":
        this.#use(await this.#settled(line, this.#listener!.accept()));
        break;
      case "set-mtu":
        this.#stack.setMtu(amount!);
        break;
      case "path-changed":
        this.#stack.pathChanged();
        break;
      default:
        await this.#callConn(line, name, amount ?? 0);
    }
    await settle();
  }

  async #callConn(line: number, name: CallEvent["name"], amount: number): Promise<void> {
    const conn = this.#conn;
    if (conn === undefined) throw new ScriptError(line, "there is no connection yet");
    switch (name) {
      case "write": {
        const at = this.#written;
        this.#written += amount;
        const bytes = Uint8Array.from({ length: amount }, (_, i) => streamByte(at + i));
        return this.#wait(conn.write(bytes));
      }
      case "read":
        return await this.#readAndCheck(line, conn, amount);
      case "close":
        return conn.close();
      case "close-write":
        return this.#wait(conn.closeWrite());
      case "abort":
        return conn.abort();
      case "nagle":
        return conn.setNoDelay(amount === 0);
      case "keep-alive":
        return conn.setKeepAlive(amount > 0);
      default:
        throw new ScriptError(line, `a stack has no "${name}"`);
    }
  }

  async look(event: LookEvent): Promise<void> {
    if (event.kind === "eof" && this.#conn !== undefined) {
      const count = await this.#settled(event.line, this.#conn.read(new Uint8Array(1)));
      if (count !== null) throw new ScriptError(event.line, "the stream has not ended");
    } else if (event.kind === "fails") {
      const code = this.#error instanceof TcpError ? this.#error.code : `${this.#error}`;
      if (code !== event.code) {
        throw new ScriptError(event.line, `the call failed with ${code}, expected ${event.code}`);
      }
    } else throw new ScriptError(event.line, `a stack does not show its ${event.kind}`);
  }

  /** Ends every connection, so that nothing waits when the script is over. */
  async close(): Promise<void> {
    this.#stack.close();
    await settle();
  }

  #use(conn: TcpConn): void {
    this.#conn = conn;
    this.#written = this.#read = 0;
  }

  async #readAndCheck(line: number, conn: TcpConn, amount: number): Promise<void> {
    const into = new Uint8Array(amount);
    const got = await this.#settled(line, conn.read(into));
    if (got !== amount) throw new ScriptError(line, `gave ${got} bytes, expected ${amount}`);
    const wrong = into.findIndex((byte, i) => byte !== streamByte(this.#read + i));
    if (wrong >= 0) throw new ScriptError(line, `byte ${this.#read + wrong} is a foreign one`);
    this.#read += got;
  }

  /** Keeps the failure of a call that may wait for long, for a `fails` line. */
  #wait(promise: Promise<unknown>): void {
    promise.catch((error: unknown) => this.#error = error);
  }

  /** The result of a call that must not wait. */
  async #settled<T>(line: number, promise: Promise<T>): Promise<T> {
    const waits = Symbol();
    const result = await Promise.race([promise, settle().then(() => waits)]);
    promise.catch(() => {});
    if (result === waits) throw new ScriptError(line, "the call waits");
    return result as T;
  }

  #record(sent: SentSegment): void {
    // A stack chooses its initial numbers and ports itself: they count from the SYN it sends.
    if (isSyn(sent)) {
      const view = new DataView(sent.bytes.buffer);
      this.bases.localIss = view.getUint32(4);
      this.bases.ports = [view.getUint16(2), view.getUint16(0)];
    }
    this.sent.push(sent);
  }
}

/** Lets all promises that can go on do so. */
async function settle(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await undefined;
}
