import type { Carrier } from "./carrier.ts";
import { Liveness } from "./liveness.ts";
import { BASE_MTU_BYTES, LOCAL_MTUS, MtuSearch, ORDINARY_MTUS } from "./mtu_search.ts";
import type { PathView } from "./path_view.ts";
import { PathMeter } from "./path_meter.ts";
import type { PeerAnswer } from "./questions.ts";
import type { PathStatus } from "./status.ts";

/**
 * Loss that no answer has confirmed for so long, in ms, counts for nothing: an end that is only asked
 * measures none, and would avoid a path that failed once for ever.
 */
const LOSS_VALID_MS = 20_000;

/** A new path is asked so often, in ms, until its round trip is known. */
const SAMPLE_MS = 250;

/** Options of {@linkcode Path}. */
export interface PathOptions {
  /** Monotonic. */
  nowMs: number;
  /** It carries no IP packet above, in bytes. */
  limitBytes: number;
  /** Whether the peer knows path messages, by now. */
  peerIsOurs: () => boolean;
}

/** What is known of one carrier: whether it works, how well, and what it carries. */
export class Path {
  /** What sends. */
  readonly carrier: Carrier;
  /** Whether it works. */
  readonly liveness: Liveness;
  /** Round trip and loss. */
  readonly meter: PathMeter = new PathMeter();
  /** Authentic packets received. */
  receivedPackets = 0;
  #sentBytes = 0;
  #receivedBytes = 0;
  #takenBytes = 0;
  #heardMs: number | undefined;
  #answeredMs = -Infinity;
  #search: MtuSearch | undefined;
  #probe: { seq: number; lengthBytes: number } | undefined;
  #sampleMs = -Infinity;
  readonly #limitBytes: number;
  readonly #peerIsOurs: () => boolean;

  /** A path about which nothing is known. */
  constructor(carrier: Carrier, { nowMs, limitBytes, peerIsOurs }: PathOptions) {
    this.carrier = carrier;
    this.liveness = new Liveness(nowMs);
    this.#limitBytes = limitBytes;
    this.#peerIsOurs = peerIsOurs;
  }

  /** Largest IP packet that it carries, in bytes. */
  get mtuBytes(): number {
    if (this.carrier.kind === "websocket") return this.#limitBytes;
    return this.#search?.mtuBytes ?? Math.min(BASE_MTU_BYTES, this.#limitBytes);
  }

  /** Largest IP packet that may be sent to us by it, for a peer that looks for it. */
  get receiveLimitBytes(): number {
    if (this.carrier.kind === "websocket") return this.#limitBytes;
    return Math.min(this.#sizes.at(-1)!, this.#limitBytes);
  }

  /** Takes the count of bytes received since the last call. */
  takeReceivedBytes(): number {
    const bytes = this.#receivedBytes - this.#takenBytes;
    this.#takenBytes = this.#receivedBytes;
    return bytes;
  }

  /** When the last answer came; `-Infinity` if none did. */
  get answeredMs(): number {
    return this.#answeredMs;
  }

  /** A WireGuard message of `lenBytes` is sent by it. */
  countSent(lenBytes: number): void {
    this.meter.sentPackets++;
    this.#sentBytes += lenBytes;
  }

  /** An authentic message of `lenBytes` arrived by it. */
  countReceived(lenBytes: number, nowMs: number): void {
    this.receivedPackets++;
    this.#receivedBytes += lenBytes;
    this.#heardMs = nowMs;
    this.liveness.heard(nowMs);
  }

  /**
   * Takes an answer, false if it answers no question. `peer` is what our own peers tell: packets
   * received, and the largest they expect.
   */
  answer(
    seq: number,
    nowMs: number,
    peer?: PeerAnswer,
  ): boolean {
    if (!this.meter.answer(seq, peer?.receivedPackets, nowMs)) return false;
    this.liveness.answered(nowMs, this.meter.rttMs ?? 0);
    this.#answeredMs = nowMs;
    // What a peer expects that has no such path yet says nothing about it.
    if (!peer?.receivedPackets || this.carrier.kind === "websocket") return true;
    // A peer that expects less than every one takes is mistaken, or would like us to fail.
    const expectedBytes = Math.max(peer.limitBytes, BASE_MTU_BYTES);
    const limitBytes = Math.min(this.#limitBytes, expectedBytes);
    this.#search ??= new MtuSearch({ sizes: this.#sizes, limitBytes, nowMs });
    if (this.#probe?.seq === seq) this.#search.answered(this.#probe.lengthBytes, nowMs);
    return true;
  }

  /** Whether its round trip is known, and its largest packet if the peer helps to find it. */
  get isSettled(): boolean {
    if (!this.#peerIsOurs()) return true;
    return this.meter.isSettled && (this.carrier.kind === "websocket" || !!this.#search?.hasEnded);
  }

  /** Whether a question is due that serves to know the round trip; counts as asked. */
  pollSample(nowMs: number): boolean {
    if (nowMs < this.#nextSampleMs) return false;
    this.#sampleMs = nowMs + SAMPLE_MS;
    return true;
  }

  /** Length of the padded question that is due, if one is. */
  pollMtu(nowMs: number): number | undefined {
    return this.liveness.state === "up" ? this.#search?.poll(nowMs) : undefined;
  }

  /** The padded question was asked by number `seq`. */
  mtuAsked(seq: number, lengthBytes: number): void {
    this.#probe = { seq, lengthBytes };
  }

  /** Small packets arrive, and what is sent does not: true if smaller ones are worth a try. */
  blackHole(nowMs: number): boolean {
    return this.#search?.blackHole(nowMs) ?? false;
  }

  /** When something is due. */
  nextDeadlineMs(): number {
    const mtuMs = this.liveness.state === "up" ? this.#search?.nextDeadlineMs() : undefined;
    return Math.min(this.liveness.nextDeadlineMs(), mtuMs ?? Infinity, this.#nextSampleMs);
  }

  /** What a choice needs to know. Without a round trip it is neither better nor worse than others. */
  view(nowMs: number): PathView {
    const { rttMs = NaN, deviationMs: noiseMs, loss = 0 } = this.meter;
    const isStale = nowMs - this.#answeredMs > LOSS_VALID_MS;
    return {
      kind: this.carrier.kind,
      rttMs,
      noiseMs,
      loss: isStale ? 0 : loss,
      loadedMs: this.meter.loadedMs(nowMs),
      isSettled: this.isSettled,
    };
  }

  /** The truth about it. */
  status(nowMs: number, goodputBps: number | undefined): PathStatus {
    const { rttMs, loss } = this.meter;
    return {
      kind: this.carrier.kind,
      remote: this.carrier.remote,
      state: this.liveness.state,
      ...(rttMs !== undefined && { rttMs }),
      ...(loss !== undefined && { loss }),
      ...(goodputBps !== undefined && { goodputBps }),
      mtuBytes: this.mtuBytes,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      ...(this.#heardMs !== undefined && { heardAgoMs: nowMs - this.#heardMs }),
    };
  }

  get #nextSampleMs(): number {
    const isWanted = this.liveness.state === "up" && !this.meter.isSettled && this.#peerIsOurs();
    return isWanted ? this.#sampleMs : Infinity;
  }

  get #sizes(): readonly number[] {
    return this.carrier.isLocal ? LOCAL_MTUS : ORDINARY_MTUS;
  }
}
