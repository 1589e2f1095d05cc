import { Packet, PacketPool } from "../../bytes/mod.ts";
import {
  Connection,
  PagePool,
  PathTimes,
  readSegment,
  sealSegment,
  Segment,
  type SegmentSink,
  tcpOptions,
  toSeq,
} from "../mod.ts";
import type { CallEvent, Host, LookEvent } from "./host.ts";
import { hostOptions } from "./options.ts";
import { ScriptError, type SegmentSpec } from "./script.ts";
import { type Bases, encodeSegment, type SentSegment, streamByte } from "./wire.ts";

const PORTS = [40000, 80] as const;

/** Timers that may run at one moment; more means that a deadline does not move on. */
const MAX_TIMERS_AT_ONCE = 100;

/** Runs a script against one connection, without a stack around it. */
export class ConnectionHost implements Host {
  readonly bases: Bases;
  readonly pseudoSum = 0;
  readonly sent: SentSegment[] = [];
  readonly #connection: Connection;
  readonly #pool = new PacketPool({ maxPacketBytes: 65535 });
  readonly #sink: SegmentSink;
  readonly #segment = new Segment();
  #nowMs = 0;
  #listening = false;
  #written = 0;
  #read = 0;

  /** A closed connection; `options` are those of the script. */
  constructor(options: ReadonlyMap<string, string>) {
    const { mtuBytes, localIss, peerIss, tcp } = hostOptions(options);
    this.bases = { localIss, peerIss, ports: PORTS };
    this.#connection = new Connection({
      localPort: PORTS[1],
      remotePort: PORTS[0],
      iss: toSeq(localIss),
      mtuBytes,
      pages: new PagePool(),
      path: new PathTimes(),
      options: tcpOptions(tcp),
    });
    this.#sink = {
      blocked: false,
      take: () => this.#pool.take(),
      send: (packet) => this.#record(packet),
    };
  }

  advance(untilMs: number): void {
    for (let runs = 0;; runs++) {
      const atMs = this.#connection.nextDeadlineMs();
      if (atMs > untilMs) break;
      runs = atMs > this.#nowMs ? 0 : runs;
      if (runs > MAX_TIMERS_AT_ONCE) throw new ScriptError(0, `a deadline stays at ${atMs}`);
      this.#nowMs = Math.max(atMs, this.#nowMs);
      this.#flush();
    }
    this.#nowMs = untilMs;
  }

  inject(spec: SegmentSpec, held: boolean): void {
    const encoded = encodeSegment(spec, this);
    const packet = new Packet(encoded.length);
    packet.bytes.set(encoded);
    const { bytes, view } = packet;
    const source = { bytes, view, payloadStart: 0, payloadEnd: encoded.length };
    if (readSegment(this.#segment, source, 0) === "ok") {
      if (this.#listening && spec.flags === "S") {
        this.#listening = false;
        this.#connection.accept(this.#segment, this.#nowMs);
      } else this.#connection.input(this.#segment, this.#nowMs);
    }
    if (!held) this.#flush();
  }

  call({ line, name, amount = 0 }: CallEvent): void {
    const connection = this.#connection;
    switch (name) {
      case "open":
        connection.open(this.#nowMs);
        break;
      case "listen":
        this.#listening = true;
        break;
      case "write":
        this.#write(amount, { line, withSyn: false });
        break;
      case "write-with-syn":
        this.#write(amount, { line, withSyn: true });
        break;
      case "read":
        this.#readAndCheck(line, amount);
        break;
      case "close":
        connection.close();
        break;
      case "close-write":
        connection.closeWrite();
        break;
      case "abort":
        connection.abort();
        break;
      case "set-mtu":
        connection.setMtu(amount);
        break;
      case "path-changed":
        connection.pathChanged(this.#nowMs);
        break;
      case "nagle":
        connection.setNoDelay(amount === 0);
        break;
      case "keep-alive":
        connection.setKeepAlive(amount > 0);
        break;
      default:
        throw new ScriptError(line, `a connection alone has no "${name}"`);
    }
    this.#flush();
  }

  look(event: LookEvent): void {
    const { state, failure, readableBytes, finReceived, unacknowledgedBytes } = this.#connection;
    const check = (found: unknown, wanted: unknown, what: string) => {
      if (found !== wanted) {
        throw new ScriptError(event.line, `${what} is ${found}, expected ${wanted}`);
      }
    };
    switch (event.kind) {
      case "state":
        check(state, event.state, "the state");
        return check(failure, event.failure, "the failure");
      case "readable":
        return check(readableBytes, event.amount, "what can be read");
      case "unacked":
        return check(unacknowledgedBytes, event.amount, "what is not acknowledged");
      case "eof":
        return check(finReceived && readableBytes === 0, true, "the end of the stream");
      case "fails":
        throw new ScriptError(event.line, "a connection alone has no calls that wait");
    }
  }

  #write(amount: number, { line, withSyn }: { line: number; withSyn: boolean }): void {
    const bytes = Uint8Array.from({ length: amount }, (_, i) => streamByte(this.#written + i));
    const connection = this.#connection;
    const taken = withSyn ? connection.writeWithSyn(bytes) : connection.write(bytes, 0);
    if (taken !== amount) throw new ScriptError(line, `took ${taken} bytes, expected ${amount}`);
    this.#written += taken;
  }

  #readAndCheck(line: number, amount: number): void {
    const into = new Uint8Array(amount);
    const got = this.#connection.read(into);
    if (got !== amount) throw new ScriptError(line, `gave ${got} bytes, expected ${amount}`);
    const wrong = into.findIndex((byte, i) => byte !== streamByte(this.#read + i));
    if (wrong >= 0) throw new ScriptError(line, `byte ${this.#read + wrong} is a foreign one`);
    this.#read += got;
  }

  #flush(): void {
    this.#connection.output(this.#sink, this.#nowMs);
  }

  #record(packet: Packet): void {
    sealSegment(packet, 0);
    const bytes = packet.bytes.slice(packet.start, packet.end);
    this.sent.push({ atMs: this.#nowMs, bytes });
    this.#pool.give(packet);
  }
}
