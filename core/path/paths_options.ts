import type { Carrier } from "./carrier.ts";
import type { PathKind } from "./kind.ts";
import type { QuestionsHandler, QuestionsOptions } from "./questions.ts";

/** How far what was sent has come. */
export interface Progress {
  /** Payload acknowledged since the beginning, bytes. */
  ackedBytes: number;
  /** Payload written and not acknowledged, bytes. */
  waitingBytes: number;
  /** Whether anything of it has been sent and waits for its acknowledgement. */
  awaitsAck: boolean;
}

/** A change that people may want to know of. */
export type PathEvent =
  | { type: "path-changed"; from: PathKind | undefined; to: PathKind | undefined }
  | { type: "path-down" | "path-up"; path: PathKind; remote: string };

/** What {@linkcode import("./paths.ts").Paths} needs of its tunnel. */
export interface PathsHandler extends QuestionsHandler {
  /** Another path or another size from now on; undefined means there is none. */
  changed(path: { mtuBytes: number } | undefined, options: { isOther: boolean }): void;
  /** How far the data of the tunnel has come. */
  progress(): Progress;
  /** The peer does not answer by this carrier any more. */
  silent(carrier: Carrier): void;
  /** A question by {@linkcode import("./paths.ts").Paths.probe} was answered in the way it was asked. */
  answered(seq: number): void;
  /** The machine slept or was stopped: {@linkcode import("./paths.ts").Paths.probeNow} is wanted. */
  woke(): void;
  /** Told of changes. */
  event(event: PathEvent): void;
}

/** Options of {@linkcode import("./paths.ts").Paths}. */
export interface PathsOptions extends QuestionsOptions {
  /** Largest IP packet sent by any path, in bytes. */
  mtuBytes: number;
  /** Paths that may be sent by. */
  kinds: readonly PathKind[];
  /** The tunnel. */
  handler: PathsHandler;
}
