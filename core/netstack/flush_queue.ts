import type { Clock } from "../clock/mod.ts";
import { DeadlineQueue, onGrid } from "./deadline_queue.ts";
import type { Ipv4Sink } from "./sink.ts";
import type { Socket } from "./socket.ts";
import { Wakeup } from "./wakeup.ts";

/** What a {@linkcode FlushQueue} needs of its stack. */
export interface FlushHost {
  /** Where segments go. */
  readonly sink: Ipv4Sink;
  /** Time for timers. */
  readonly clock: Clock;
  /** Flushes the whole stack, this queue included. */
  flush(nowMs: number): void;
  /** The connection of a socket is over. */
  ended(socket: Socket): void;
  /** A defect showed in a connection, which has been reset. */
  defect(error: unknown): void;
}

/** Which connections have something to emit, now or at a time. */
export class FlushQueue {
  readonly #host: FlushHost;
  readonly #deadlines = new DeadlineQueue<Socket>();
  readonly #wakeup: Wakeup;
  #dirty: Socket[] = [];
  #flushing: Socket[] = [];
  /** Sockets flushed while the carrier was full, which had no turn; they go first afterwards. */
  readonly #starved = new Set<Socket>();
  /** Sockets in whose turn the carrier became full. */
  readonly #held = new Set<Socket>();
  /** Sockets with a last acknowledgement to send, along with whatever else is sent first. */
  readonly #lastAcks = new Set<Socket>();
  #scheduled = false;
  #stopped = false;

  /** An empty queue. */
  constructor(host: FlushHost) {
    this.#host = host;
    this.#wakeup = new Wakeup(host.clock, (nowMs) => this.#onWakeup(nowMs));
  }

  /** The next flush is to look at the socket. */
  mark(socket: Socket): void {
    if (socket.dirty) return;
    socket.dirty = true;
    this.#dirty.push(socket);
  }

  /** Flushes the socket within this event-loop turn. */
  touch(socket: Socket): void {
    this.mark(socket);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.#stopped) this.#host.flush(this.#host.clock.nowMs());
    });
  }

  /** Emits what the marked connections have due at `nowMs`. */
  flush(nowMs: number): void {
    // Settling may touch sockets again: those are for the next flush.
    const sockets = this.#dirty;
    this.#dirty = this.#flushing;
    this.#flushing = sockets;
    const { packets } = this.#host.sink;
    for (const socket of sockets) this.#flushGuarded(socket, nowMs);
    sockets.length = 0;
    if (this.#lastAcks.size > 0 && this.#host.sink.packets > packets) this.#sendLastAcks(nowMs);
    this.#wakeup.arm(this.#deadlines.earliestMs);
  }

  /** Those that the full carrier held back go on; those that had no turn go first. */
  resume(): void {
    for (const socket of this.#starved) this.touch(socket);
    for (const socket of this.#held) this.touch(socket);
    this.#starved.clear();
    this.#held.clear();
  }

  /** Does something to a connection. A defect that shows resets it, and the others know nothing of it. */
  guard(socket: Socket, nowMs: number, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.contain(socket, error, nowMs);
    }
  }

  /** A defect showed in a connection; {@linkcode FlushQueue.guard} without its closure. */
  contain(socket: Socket, error: unknown, nowMs: number): void {
    const { connection } = socket;
    this.#host.ended(socket);
    // Each may show the same defect again, and must not keep the next from being tried. If the reset
    // cannot be sent, the peer is told when it sends something.
    const lastSteps = [
      () => connection.abort(),
      () => connection.output(this.#host.sink, nowMs),
      () => socket.settle(),
    ];
    for (const step of lastSteps) {
      try {
        step();
      } catch {
        // The first one is what is reported.
      }
    }
    this.#host.defect(error);
  }

  /** The socket has no deadline any more, and waits for no carrier. */
  forget(socket: Socket): void {
    this.#deadlines.remove(socket);
    this.#starved.delete(socket);
    this.#held.delete(socket);
    this.#lastAcks.delete(socket);
  }

  /** Flushes nothing by itself any more. */
  stop(): void {
    this.#stopped = true;
    this.#wakeup.stop();
  }

  #sendLastAcks(nowMs: number): void {
    for (const socket of this.#lastAcks) {
      socket.connection.sendLastAck();
      this.#flushGuarded(socket, nowMs);
    }
  }

  #flushGuarded(socket: Socket, nowMs: number): void {
    try {
      this.#flushSocket(socket, nowMs);
    } catch (error) {
      this.contain(socket, error, nowMs);
    }
  }

  #flushSocket(socket: Socket, nowMs: number): void {
    const { connection } = socket;
    const { sink } = this.#host;
    socket.dirty = false;
    // Reads before output, so that the acknowledgement carries the window they open.
    socket.settle();
    const starved = sink.blocked;
    connection.output(sink, nowMs);
    if (starved) {
      if (!this.#held.has(socket)) this.#starved.add(socket);
    } else if (sink.blocked) this.#held.add(socket);
    if (connection.state === "closed") {
      socket.settle();
      return this.#host.ended(socket);
    }
    if (connection.lastAckWaits) this.#lastAcks.add(socket);
    else if (this.#lastAcks.size > 0) this.#lastAcks.delete(socket);
    this.#deadlines.atLatest(socket, onGrid(connection.nextDeadlineMs(), nowMs));
  }

  #onWakeup(nowMs: number): void {
    for (;;) {
      const socket = this.#deadlines.takeDue(nowMs);
      if (socket === undefined) break;
      const deadlineMs = socket.connection.nextDeadlineMs();
      if (deadlineMs <= nowMs) this.mark(socket);
      else this.#deadlines.atLatest(socket, onGrid(deadlineMs, nowMs));
    }
    this.#host.flush(nowMs);
  }
}
