import type { Packet } from "../bytes/mod.ts";
import type { Timer } from "../clock/mod.ts";
import type { Carrier } from "./carrier.ts";
import { JumpDetector } from "./jump_detector.ts";
import type { PathKind } from "./kind.ts";
import { Path } from "./path.ts";
import { PathChoice } from "./path_choice.ts";
import { takePeerUses } from "./peer_uses.ts";
import type { PathsHandler, PathsOptions } from "./paths_options.ts";
import { type PeerAnswer, Questions } from "./questions.ts";
import type { PathsStatus } from "./status.ts";

/** While data flows progress is looked at so often, in ms. */
const TICK_MS = 250;

/** More than this unacknowledged is a transfer that a better path would speed up, in bytes. */
const BUSY_BYTES = 32 * 1024;

/** No more than this in a tick is questions and keepalives, in bytes. */
const QUIET_BYTES = 512;

/** A peer of ours is asked so often by the path of a transfer, in ms, for its loss and its queue. */
const BUSY_QUESTION_MS = 4_000;

/** Data that nothing acknowledges for so long, in ms, makes the path ask; at least 3 round trips. */
const STALL_MS = 1_000;

/** A stall so long, in ms, on a path that answers questions meanwhile: large packets get lost. */
const BLACK_HOLE_MS = 2_000;

/**
 * The paths of one tunnel, at most one of each kind: asks whether they work, measures them, and says
 * which one to send by. Receiving needs no permission from here: whatever WireGuard accepts is good,
 * whichever way it came. Only such authentic traffic counts as evidence.
 *
 * Spec: wire.md 5.3, 5.6; design.md decisions 2 and 4
 */
export class Paths {
  readonly #options: PathsOptions;
  readonly #handler: PathsHandler;
  readonly #paths = new Map<PathKind, Path>();
  readonly #choice = new PathChoice();
  readonly #jumps = new JumpDetector();
  readonly #questions: Questions;
  #current: Path | undefined;
  #currentSinceWallMs: number | undefined;
  /** When the last path went or the first came. */
  #sinceWallMs: number;
  #mtuBytes: number | undefined;
  #timer: Timer | undefined;
  #timerAtMs = Infinity;
  /** When progress is looked at next; `Infinity` while nothing is sent. */
  #tickAtMs = Infinity;
  /** WireGuard bytes. */
  #sentSinceTick = 0;
  #isReady = false;
  #wasBusy = false;
  #busyQuestionMs = -Infinity;
  #ackedBytes = 0;
  #stalledSinceMs: number | undefined;
  #closed = false;

  /** Without a path. */
  constructor(options: PathsOptions) {
    this.#options = options;
    this.#handler = options.handler;
    this.#sinceWallMs = options.clock.wallMs();
    this.#questions = new Questions(options);
  }

  /** What to send by; `undefined` while no path works. */
  get current(): Carrier | undefined {
    return this.#current?.carrier;
  }

  /**
   * A carrier that may work, in place of the one of its kind. `proven`: the peer is known to be
   * behind it.
   */
  add(carrier: Carrier, { proven = false }: { proven?: boolean } = {}): void {
    const nowMs = this.#options.clock.nowMs();
    const { mtuBytes: limitBytes } = this.#options;
    const peerIsOurs = () => this.#questions.peerIsOurs;
    const path = new Path(carrier, { nowMs, limitBytes, peerIsOurs });
    if (proven) {
      path.liveness.proven(nowMs);
      this.#tell(path, "path-up");
    }
    this.#paths.set(carrier.kind, path);
    this.#choose(nowMs);
    this.#arm();
  }

  /** A carrier is no more; what it led through is in doubt, too, if it was the WebSocket. */
  remove(carrier: Carrier): void {
    const nowMs = this.#options.clock.nowMs();
    if (this.#find(carrier) === undefined) return;
    this.#paths.delete(carrier.kind);
    // A hub that went took its UDP relay along; one that lives will answer in a round trip.
    if (carrier.kind === "websocket") this.#paths.get("udp-relay")?.liveness.doubt(nowMs);
    this.#choose(nowMs);
    this.#arm();
  }

  /** The peer knows path messages. Spec: design.md decision 1 */
  peerIsOurs(): void {
    if (this.#questions.peerIsOurs) return;
    this.#questions.peerIsOurs = true;
    this.probeNow();
  }

  /** Counts a WireGuard message that is about to be sent by `carrier`. */
  sending(carrier: Carrier, lenBytes: number): void {
    this.#find(carrier)?.countSent(lenBytes);
    this.#sentSinceTick += lenBytes;
  }

  /** Data of the tunnel is about to be sent: its progress is watched from now on. */
  dataSent(): void {
    if (this.#tickAtMs !== Infinity) return;
    this.#tickAtMs = this.#options.clock.nowMs() + TICK_MS;
    this.#arm();
  }

  /** An authentic message of `lenBytes` came by `carrier`. */
  received(carrier: Carrier, lenBytes: number): void {
    this.#heardBy(carrier)?.countReceived(lenBytes, this.#options.clock.nowMs());
    if (!this.#isReady) this.#arm();
  }

  /** The system refused a message of this carrier; takes the packet and sends it another way. */
  refused(carrier: Carrier, packet: Packet): void {
    const path = this.#find(carrier);
    const nowMs = this.#options.clock.nowMs();
    if (path !== undefined && path.liveness.state !== "down") {
      if (path.liveness.state === "up") this.#tell(path, "path-down");
      path.liveness.failed(nowMs);
      this.#choose(nowMs);
      this.#arm();
    }
    if (this.#current === undefined || this.#current === path) {
      return this.#options.pool.give(packet);
    }
    this.#current.countSent(packet.lenBytes);
    this.#current.carrier.send(packet);
  }

  /** A stream is being opened: makes sure that the path is alive. */
  wanted(): void {
    this.#current?.liveness.wanted(this.#options.clock.nowMs());
    this.#arm();
  }

  /** The machine slept or its network changed: every path is asked at once. */
  probeNow(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const { liveness } of this.#paths.values()) liveness.probeNow(nowMs);
    this.#arm();
  }

  /** Sends by the path of this kind, if it works, until measuring shows a better one. */
  use(kind: PathKind): void {
    if (this.#paths.get(kind)?.liveness.state !== "up") return;
    if (!this.#options.kinds.includes(kind)) return;
    const nowMs = this.#options.clock.nowMs();
    this.#choice.use(kind, nowMs);
    this.#choose(nowMs);
  }

  /**
   * Takes an authentic inner packet that came by `carrier` if it is about paths and not for the
   * stack; false if it is not.
   */
  inner(carrier: Carrier, bytes: Uint8Array, start: number, end: number): boolean {
    const message = this.#questions.read(bytes, start, end);
    if (message === undefined) return false;
    // What names another path than it came by is late from before a change, and tells nothing.
    if (message === "malformed" || message.path !== carrier.kind) return true;
    if (message.type === "answer") {
      if (!this.#onAnswer(carrier, message.seq, message.peer)) this.#handler.answered(message.seq);
    } else this.#onPing(carrier, message);
    return true;
  }

  /** Asks by a carrier that may become a path, by a number that no path uses. */
  probe(carrier: Carrier, seq: number): void {
    this.#questions.probe(carrier, seq);
  }

  /** The peer answered a request by the WebSocket. */
  requestAnswered(carrier: Carrier): void {
    const path = this.#find(carrier);
    if (path === undefined) return;
    this.#questions.requestsAnswered = true;
    const nowMs = this.#options.clock.nowMs();
    const seq = path.meter.lastOpenSeq;
    if (seq === undefined) path.liveness.answered(nowMs, path.meter.rttMs ?? 0);
    else this.#onAnswer(carrier, seq);
  }

  /** The truth about all paths. */
  status(nowMs: number): PathsStatus {
    const path = this.#current?.carrier.kind;
    const pathSinceWallMs = this.#currentSinceWallMs;
    const paths = [...this.#paths.values()]
      .sort((a, b) => Number(b === this.#current) - Number(a === this.#current))
      .map((one) => one.status(nowMs, this.#choice.goodputBps.get(one.carrier.kind)));
    const sinceWallMs = this.#sinceWallMs;
    if (path === undefined || pathSinceWallMs === undefined) return { sinceWallMs, paths };
    return { sinceWallMs, path, pathSinceWallMs, paths };
  }

  /** Ends all timers; carriers stay with their owners. */
  close(): void {
    this.#closed = true;
    this.#sinceWallMs = this.#options.clock.wallMs();
    this.#timer?.cancel();
    this.#paths.clear();
    this.#current = undefined;
  }

  #find(carrier: Carrier): Path | undefined {
    const path = this.#paths.get(carrier.kind);
    return path?.carrier === carrier ? path : undefined;
  }

  /**
   * The path that a message by this carrier is evidence for. What comes directly is so from whatever
   * address: a peer with several may send from another one than it is sent to.
   */
  #heardBy(carrier: Carrier): Path | undefined {
    return carrier.kind === "direct" ? this.#paths.get("direct") : this.#find(carrier);
  }

  #onPing(carrier: Carrier, { seq, unanswered }: { seq: number; unanswered: number }): void {
    const path = this.#heardBy(carrier);
    this.#questions.answer(carrier, seq, path);
    path?.liveness.peerAsks(this.#options.clock.nowMs(), { again: unanswered > 0 });
    this.#arm();
  }

  /** False if it answers no question of a path. */
  #onAnswer(carrier: Carrier, seq: number, peer?: PeerAnswer): boolean {
    const path = this.#heardBy(carrier);
    const nowMs = this.#options.clock.nowMs();
    const before = path?.liveness.state;
    if (!path?.answer(seq, nowMs, peer)) return false;
    if (before !== "up") this.#onUp(path);
    this.#choose(nowMs);
    this.#arm();
    return true;
  }

  /** What it carried while it was failing says nothing about what it carries now. */
  #onUp(path: Path): void {
    this.#choice.goodputBps.delete(path.carrier.kind);
    this.#tell(path, "path-up");
  }

  #arm(): void {
    let dueMs = this.#tickAtMs;
    // Without a session there is no asking; the first message that it opens comes here again.
    this.#isReady ||= this.#handler.isReady();
    const paths = this.#isReady ? this.#paths.values() : [];
    for (const path of paths) dueMs = Math.min(dueMs, path.nextDeadlineMs());
    if (this.#closed || dueMs >= this.#timerAtMs) return;
    this.#timer?.cancel();
    const nowMs = this.#options.clock.nowMs();
    this.#timerAtMs = Math.max(dueMs, nowMs);
    this.#timer = this.#options.clock.setTimer(() => this.#onTimer(), this.#timerAtMs - nowMs);
  }

  #onTimer(): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const dueMs = this.#timerAtMs;
    this.#timerAtMs = Infinity;
    if (this.#jumps.check({ nowMs, wallMs: clock.wallMs(), dueMs })) this.#handler.woke();
    if (nowMs >= this.#tickAtMs) this.#tick(nowMs);
    const paths = this.#isReady ? [...this.#paths.values()] : [];
    for (const path of paths) this.#poll(path, nowMs);
    this.#choose(nowMs);
    this.#arm();
  }

  #poll(path: Path, nowMs: number): void {
    const { liveness, carrier } = path;
    liveness.setTimes(this.#questions.times(carrier.kind, nowMs));
    const wasUp = liveness.state === "up";
    const action = liveness.poll(nowMs);
    const isLoaded = this.#wasBusy && path === this.#current;
    const isSample = path.pollSample(nowMs);
    if (action === "probe" || isSample) this.#questions.ask(path, nowMs, { isLoaded });
    if (action === "died") {
      if (wasUp) this.#tell(path, "path-down");
      this.#handler.silent(carrier);
    }
    const lengthBytes = path.pollMtu(nowMs);
    if (lengthBytes !== undefined) this.#questions.ask(path, nowMs, { isLoaded, lengthBytes });
  }

  /** Looks at what became of the data. */
  #tick(nowMs: number): void {
    const { ackedBytes, waitingBytes, awaitsAck } = this.#handler.progress();
    const isBusy = waitingBytes > BUSY_BYTES;
    if (ackedBytes > this.#ackedBytes || !awaitsAck) {
      if (ackedBytes > this.#ackedBytes) this.#current?.liveness.progressed(nowMs);
      this.#stalledSinceMs = undefined;
    } else this.#onStall(nowMs);
    this.#ackedBytes = ackedBytes;
    const peerUses = takePeerUses(this.#paths.values(), this.#sentSinceTick);
    this.#decide(nowMs, { isBusy: isBusy && this.#wasBusy, peerUses });
    this.#wasBusy = isBusy;
    if (isBusy) this.#askWhileBusy(nowMs);
    const goesOn = this.#sentSinceTick > QUIET_BYTES || waitingBytes > 0;
    this.#sentSinceTick = 0;
    this.#tickAtMs = goesOn ? nowMs + TICK_MS : Infinity;
  }

  /** Not to see whether it works, which progress shows, but how well. */
  #askWhileBusy(nowMs: number): void {
    const path = this.#current;
    if (path === undefined || !this.#questions.peerIsOurs) return;
    if (nowMs - this.#busyQuestionMs < BUSY_QUESTION_MS) return;
    this.#busyQuestionMs = nowMs;
    this.#questions.ask(path, nowMs, { isLoaded: true });
  }

  #onStall(nowMs: number): void {
    const path = this.#current;
    this.#stalledSinceMs ??= nowMs;
    if (path === undefined) return;
    const stalledMs = nowMs - this.#stalledSinceMs;
    if (stalledMs >= Math.max(STALL_MS, 3 * (path.meter.rttMs ?? 0))) {
      // All of them: what stops one path, such as a peer that is gone, may have stopped the others.
      for (const { liveness } of this.#paths.values()) {
        if (liveness.state === "up") liveness.stalled(nowMs);
      }
    }
    const answers = path.answeredMs > this.#stalledSinceMs;
    if (stalledMs < BLACK_HOLE_MS || !answers || !path.blackHole(nowMs)) return;
    this.#stalledSinceMs = nowMs;
    this.#applyPath({ isOther: false });
  }

  #choose(nowMs: number): void {
    this.#decide(nowMs, { isBusy: this.#wasBusy });
  }

  #decide(nowMs: number, use: { isBusy: boolean; peerUses?: PathKind | undefined }): void {
    const paths = [...this.#paths.values()]
      .filter(({ carrier, liveness }) =>
        liveness.state === "up" && this.#options.kinds.includes(carrier.kind)
      )
      .map((path) => path.view(nowMs));
    const [ackedBytes, isWatched] = [this.#ackedBytes, this.#questions.peerIsOurs];
    const kind = this.#choice.choose(nowMs, { paths, ackedBytes, isWatched, ...use });
    const path = kind && this.#paths.get(kind);
    if (path !== this.#current) return this.#switch(path);
    if (path !== undefined && path.mtuBytes !== this.#mtuBytes) this.#applyPath({ isOther: false });
  }

  #switch(path: Path | undefined): void {
    const from = this.#current?.carrier.kind;
    this.#current = path;
    const to = path?.carrier.kind;
    const wallMs = this.#options.clock.wallMs();
    if (from !== to) this.#currentSinceWallMs = path && wallMs;
    if (from === undefined || to === undefined) this.#sinceWallMs = wallMs;
    this.#stalledSinceMs = undefined;
    this.#applyPath({ isOther: true });
    if (from !== to) this.#handler.event({ type: "path-changed", from, to });
  }

  #applyPath({ isOther }: { isOther: boolean }): void {
    this.#mtuBytes = this.#current?.mtuBytes;
    const path = this.#mtuBytes === undefined ? undefined : { mtuBytes: this.#mtuBytes };
    this.#handler.changed(path, { isOther });
  }

  #tell({ carrier: { kind: path, remote } }: Path, type: "path-down" | "path-up"): void {
    this.#handler.event({ type, path, remote });
  }
}
