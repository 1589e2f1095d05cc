/**
 * TCP without I/O: a connection takes parsed segments and the time, and emits segments into pooled
 * packets. `core/netstack` puts the connections of a tunnel together behind promises.
 *
 * @example
 * ```ts
 * import { seqAdd, seqLt, toSeq } from "./mod.ts";
 *
 * const last = toSeq(0xffffffff);
 * console.log(seqLt(last, seqAdd(last, 1))); // true, although the number wraps to 0
 * ```
 *
 * @module
 */

export {
  type CongestionAlgorithm,
  DEFAULT_TCP_OPTIONS,
  type TcpOptions,
  tcpOptions,
} from "./config.ts";
export { Connection } from "./connection.ts";
export { IsnGenerator } from "./isn.ts";
export type { SegmentOptions } from "./options.ts";
export type { SegmentSink } from "./output.ts";
export { BufferMemory, type Page, PagePool } from "./paged_buffer.ts";
export { PathTimes } from "./path_times.ts";
export {
  type HeaderFields,
  readSegment,
  sealSegment,
  Segment,
  type SegmentResult,
  type SegmentSource,
  TCP_HEADER_BYTES,
} from "./segment.ts";
export { type Seq, seqAdd, seqDiff, seqLe, seqLt, seqMax, toSeq } from "./seq.ts";
export { emitReset, opensConnection, resetFor, type StrayReset } from "./stray.ts";
export type { TcbOptions, TcpFailure, TcpState } from "./tcb.ts";
