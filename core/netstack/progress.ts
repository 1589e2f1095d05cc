import { type Connection, type Segment, seqDiff } from "../tcp/mod.ts";
import type { Socket } from "./socket.ts";
import type { NetstackProgress } from "./stats.ts";

/** Counts how far the data of a stack has come. */
export class ProgressCounter {
  #ackedBytes = 0;
  #receivedBytes = 0;

  /** Gives a SYN to its connection, and counts what came with it. */
  accept(connection: Connection, syn: Segment, nowMs: number): void {
    connection.accept(syn, nowMs);
    this.#receivedBytes += connection.readableBytes;
  }

  /** Gives a segment to its connection, and counts what it moved. */
  input(connection: Connection, segment: Segment, nowMs: number): void {
    const { unacknowledgedSeq, readableBytes } = connection;
    connection.input(segment, nowMs);
    this.#ackedBytes += seqDiff(connection.unacknowledgedSeq, unacknowledgedSeq);
    // A reset empties the buffer, which is no progress.
    if (connection.state === "closed") return;
    this.#receivedBytes += connection.readableBytes - readableBytes;
  }

  /** The counts, and what `sockets` still have to send. */
  of(sockets: Iterable<Socket>): NetstackProgress {
    let waitingBytes = 0;
    let awaitsAck = false;
    for (const { connection } of sockets) {
      waitingBytes += connection.unacknowledgedBytes;
      awaitsAck ||= connection.awaitsAck;
    }
    const [ackedBytes, receivedBytes] = [this.#ackedBytes, this.#receivedBytes];
    return { ackedBytes, receivedBytes, waitingBytes, awaitsAck };
  }
}
