/**
 * What stands behind the agent in `sessions.ts`, in a thread of its own: reads all that comes.
 *
 * @module
 */

import { connStream } from "../../core/stream/mod.ts";
import { readExactly, Target } from "../rig/mod.ts";
import { answerQuestions } from "./thread.ts";

/** What a connection says before its data: which session it belongs to, 32 bits. */
const HEAD_BYTES = 4;

/** `port` is answered by a number, `received` by the bytes that came of each session. */
export type SinkQuestion = "port" | "received";

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

answerQuestions((question: SinkQuestion) => question === "port" ? sink.port : received);
