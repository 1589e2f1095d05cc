import { AckLimiter } from "./ack_limiter.ts";
import type { TcpOptions } from "./config.ts";
import { mssOf } from "./mss.ts";
import { SYN_OPTION_BYTES, TIMESTAMP_OPTION_BYTES } from "./options.ts";
import type { PagePool } from "./paged_buffer.ts";
import { Receiver } from "./rcv.ts";
import type { PathTimes } from "./path_times.ts";
import type { HeaderFields } from "./segment.ts";
import { type Seq, toSeq } from "./seq.ts";
import { Sender } from "./snd.ts";
import { ConnectionTimer } from "./timers.ts";
import { Timestamps } from "./timestamps.ts";

/** States of a connection. Spec: RFC 9293 §3.3.2. `listen` is held by the netstack's listeners. */
export type TcpState =
  | "listen"
  | "syn-sent"
  | "syn-received"
  | "established"
  | "fin-wait-1"
  | "fin-wait-2"
  | "close-wait"
  | "closing"
  | "last-ack"
  | "time-wait"
  | "closed";

/** Why a connection ended other than by FIN in both directions. */
export type TcpFailure = "refused" | "reset" | "timed-out" | "aborted";

/** What a connection needs to begin with. */
export interface TcbOptions {
  /** Port of this end, 1 to 65535. */
  readonly localPort: number;
  /** Port of the peer, 1 to 65535. */
  readonly remotePort: number;
  /** Initial send sequence number. Spec: RFC 6528. */
  readonly iss: Seq;
  /** IP packet size of the path; the MSS is 40 less. */
  readonly mtuBytes: number;
  /** Largest IP packet the path may ever carry, announced to the peer. Default `mtuBytes`. */
  readonly maxMtuBytes?: number | undefined;
  /** Where buffers take their pages from. */
  readonly pages: PagePool;
  /** What connections over the same path learn of it; the owner resets it when the path changes. */
  readonly path: PathTimes;
  /** Limits. */
  readonly options: TcpOptions;
}

/** The transmission control block: everything a connection remembers. Spec: RFC 9293 §3.3.1. */
export class Tcb implements HeaderFields {
  /** Where the connection stands. */
  state: TcpState = "closed";
  /** Set once, when the connection ends by anything else than FIN in both directions. */
  failure: TcpFailure | undefined;
  /** Opened by the peer's SYN. */
  passive = false;
  /** The application has closed it and reads no more. */
  orphan = false;
  /** When a connection without an application is given up although the peer takes data; `Infinity` if not. */
  orphanUntilMs = Infinity;
  /** A SYN, or a SYN-ACK once the peer's SYN is here, is to be sent. */
  synOwed = false;
  /** A reset that ends this connection is to be sent. */
  resetOwed = false;
  /** Number of a reset for a segment that does not belong here, or undefined. */
  strayReset: Seq | undefined;
  /** Whether keep-alive probes are sent. */
  keepAlive = false;
  /** Keep-alive probes sent since the peer was last heard. */
  probesSent = 0;
  /** When the last of them was. */
  probedMs = 0;
  /** A keep-alive probe is to be sent now. */
  probeOwed = false;
  /** When the last acceptable segment arrived. */
  lastHeardMs = 0;
  /** When the connection was opened. */
  openedMs = 0;
  /** Whether both SYNs have the window scale option, be the shift 0. Spec: RFC 7323 §2.2. */
  scaled = false;
  /** Whether both ends permit SACK. */
  sackPermitted = false;
  /** Segments dropped because they were not acceptable. */
  unacceptable = 0;
  /** Largest segment announced to the peer. */
  readonly announcedMssBytes: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Sending half. */
  readonly snd: Sender;
  /** Receiving half. */
  readonly rcv: Receiver;
  /** Timestamp of the segments being emitted. */
  tsVal: Seq = toSeq(0);
  /** Timestamps. */
  readonly timestamps: Timestamps;
  /** Main timer. */
  readonly timer: ConnectionTimer = new ConnectionTimer();
  /** Bounds answers to segments that may be forged. */
  readonly ackLimiter: AckLimiter = new AckLimiter();
  /** Limits. */
  readonly options: TcpOptions;

  /** A connection in state `closed`. */
  constructor(o: TcbOptions) {
    this.sourcePort = o.localPort;
    this.destinationPort = o.remotePort;
    this.snd = new Sender(o);
    this.rcv = new Receiver(o);
    this.timestamps = new Timestamps(o.iss);
    this.options = o.options;
    this.announcedMssBytes = Math.min(mssOf(Math.max(o.maxMtuBytes ?? 0, o.mtuBytes)), 0xffff);
  }

  /** Whether both SYNs have been exchanged and the connection is not over. */
  get synchronised(): boolean {
    return this.state !== "closed" && this.state !== "syn-sent" && this.state !== "syn-received";
  }

  /** Whether data may be sent, as far as the state is concerned. */
  get maySend(): boolean {
    return this.synchronised ||
      (this.state === "syn-received" && this.passive && this.options.synData);
  }

  /** Option bytes of each segment, without SACK. */
  get fixedOptionBytes(): number {
    return this.timestamps.on ? TIMESTAMP_OPTION_BYTES : 0;
  }

  /** Option bytes of the SYN, or of the SYN-ACK once the peer's SYN is here. */
  get synOptionBytes(): number {
    const stamped = this.state === "syn-received" ? this.timestamps.on : this.options.timestamps;
    return SYN_OPTION_BYTES + (stamped ? TIMESTAMP_OPTION_BYTES : 0);
  }

  /** Owes an answer to a segment that an attacker may have forged. Spec: RFC 5961 §3, §4, §5, §7. */
  challenge(nowMs: number): void {
    if (this.ackLimiter.allow(nowMs)) this.rcv.oweAck();
  }

  /** Ends the connection; what was received in order stays readable after an orderly end only. */
  end(failure?: TcpFailure): void {
    this.state = "closed";
    this.failure ??= failure;
    this.synOwed = false;
    this.timer.stop();
    this.orphanUntilMs = Infinity;
    this.rcv.ackAtMs = Infinity;
    this.rcv.acksOwed = 0;
    this.snd.buffer.clear();
    if (failure !== undefined || this.orphan) this.rcv.buffer.clear();
  }

  /** Ends the connection and tells the peer so. */
  reset(failure?: TcpFailure): void {
    this.end(failure);
    this.resetOwed = true;
  }

  /** Both directions are finished: stay for late segments of the peer. Spec: RFC 9293 §3.6.1. */
  enterTimeWait(nowMs: number): void {
    this.state = "time-wait";
    this.timer.start("time-wait", nowMs + this.options.timeWaitMs);
  }
}
