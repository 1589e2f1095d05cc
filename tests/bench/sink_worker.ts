/**
 * The targets' end of `sessions.ts`, in a thread of its own: reads all that comes, and answers each
 * message with what it has read of every session.
 *
 * @module
 */

import { connStream } from "../../core/stream/mod.ts";
import { readExactly, Target } from "../rig/mod.ts";
import { HEAD_BYTES } from "./sink.ts";

/** The part of a worker's scope that is used here; the program is checked as one of a window. */
interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: () => void): void;
}

const scope = globalThis as unknown as WorkerScope;
const received: number[] = [];
const sink = new Target(async (connection) => {
  const head = await readExactly(connection, HEAD_BYTES);
  const index = new DataView(head.buffer).getUint32(0);
  received[index] = 0;
  const stream = connStream(connection);
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
    received[index] += chunk.length;
  }
});
scope.addEventListener("message", () => scope.postMessage(received));
scope.postMessage(sink.port);
