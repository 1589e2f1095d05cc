/** Most SACK blocks that fit in the options of one segment. Spec: RFC 2018 §3. */
export const MAX_SACK_BLOCKS = 4;

/** Option bytes of a SYN as this stack sends it: MSS, SACK-permitted and window scale, padded. */
export const SYN_OPTION_BYTES = 12;

/** Largest window shift. Spec: RFC 7323 §2.3. */
const MAX_WINDOW_SHIFT = 14;

const END = 0;
const NOP = 1;
const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMPS = 8;

/** Options of a received segment. */
export interface SegmentOptions {
  /** Maximum segment size, or 0 if absent. Spec: RFC 9293 §3.7.1. */
  mss: number;
  /** Window shift, 0 to 14, or -1 if absent. Spec: RFC 7323 §2.2. */
  windowScale: number;
  /** Whether SACK is permitted. Spec: RFC 2018 §2. */
  sackPermitted: boolean;
  /** Number of SACK blocks, 0 to 4. Spec: RFC 2018 §3. */
  sackCount: number;
  /** Left and right edge of each block, as sequence numbers. */
  readonly sackEdges: Int32Array;
  /** Whether the segment carries timestamps. Spec: RFC 7323 §3.2. */
  hasTimestamps: boolean;
  /** Timestamp value, signed 32-bit. */
  tsVal: number;
  /** Timestamp echo reply, signed 32-bit. */
  tsEcr: number;
}

/**
 * Reads the option list from `start` to `end` into `options`. Unknown kinds are skipped. False if the
 * list is malformed: a length that runs out of the header, or a wrong one for a known kind.
 *
 * Spec: RFC 9293 §3.2.
 */
export function readOptions(
  options: SegmentOptions,
  view: DataView,
  start: number,
  end: number,
): boolean {
  options.mss = 0;
  options.windowScale = -1;
  options.sackPermitted = false;
  options.sackCount = 0;
  options.hasTimestamps = false;
  for (let at = start; at < end;) {
    const kind = view.getUint8(at);
    if (kind === END) return true;
    if (kind === NOP) {
      at++;
      continue;
    }
    if (at + 2 > end) return false;
    const length = view.getUint8(at + 1);
    if (length < 2 || at + length > end) return false;
    if (!readOption(options, view, at, length)) return false;
    at += length;
  }
  return true;
}

function readOption(o: SegmentOptions, view: DataView, at: number, length: number): boolean {
  switch (view.getUint8(at)) {
    case MSS:
      o.mss = length === 4 ? view.getUint16(at + 2) : 0;
      return length === 4;
    case WINDOW_SCALE:
      o.windowScale = length === 3 ? Math.min(view.getUint8(at + 2), MAX_WINDOW_SHIFT) : -1;
      return length === 3;
    case SACK_PERMITTED:
      o.sackPermitted = length === 2;
      return length === 2;
    case SACK:
      if (length < 10 || (length - 2) % 8 !== 0) return false;
      o.sackCount = (length - 2) / 8;
      for (let i = 0; i < 2 * o.sackCount; i++) o.sackEdges[i] = view.getInt32(at + 2 + 4 * i);
      return true;
    case TIMESTAMPS:
      if (length !== 10) return false;
      o.hasTimestamps = true;
      o.tsVal = view.getInt32(at + 2);
      o.tsEcr = view.getInt32(at + 6);
      return true;
    default:
      return true;
  }
}

/** Options of a SYN that {@linkcode writeSynOptions} writes. */
export interface SynOptions {
  /** Largest segment this end takes, 1 to 65535. */
  readonly mss: number;
  /** Window shift of this end, or -1 to leave the option out, as when a SYN came without it. */
  readonly windowScale: number;
  /** Whether to permit SACK. */
  readonly sackPermitted: boolean;
}

/** Writes the {@linkcode SYN_OPTION_BYTES} of a SYN at `at`. */
export function writeSynOptions(view: DataView, at: number, options: SynOptions): void {
  view.setUint16(at, (MSS << 8) | 4);
  view.setUint16(at + 2, options.mss);
  view.setUint16(at + 4, options.sackPermitted ? (SACK_PERMITTED << 8) | 2 : (NOP << 8) | NOP);
  view.setUint16(at + 6, (NOP << 8) | NOP);
  const scaled = options.windowScale >= 0;
  view.setUint16(at + 8, scaled ? (NOP << 8) | WINDOW_SCALE : (NOP << 8) | NOP);
  view.setUint16(at + 10, scaled ? (3 << 8) | options.windowScale : (NOP << 8) | NOP);
}

/** Bytes {@linkcode writeTimestamps} writes, padding included. */
export const TIMESTAMP_OPTION_BYTES = 12;

/** Writes a timestamps option. Spec: RFC 7323 §3.2, appendix A (layout). */
export function writeTimestamps(view: DataView, at: number, tsVal: number, tsEcr: number): void {
  view.setUint16(at, (NOP << 8) | NOP);
  view.setUint16(at + 2, (TIMESTAMPS << 8) | 10);
  view.setInt32(at + 4, tsVal);
  view.setInt32(at + 8, tsEcr);
}

/** Bytes {@linkcode writeSackOption} writes for `blocks` blocks, padding included. */
export function sackOptionBytes(blocks: number): number {
  return blocks === 0 ? 0 : 4 + 8 * blocks;
}

/** Writes a SACK option of `blocks` blocks whose edges stand in `edges`. Spec: RFC 2018 §3. */
export function writeSackOption(
  view: DataView,
  at: number,
  edges: Int32Array,
  blocks: number,
): void {
  view.setUint16(at, (NOP << 8) | NOP);
  view.setUint16(at + 2, (SACK << 8) | (2 + 8 * blocks));
  for (let i = 0; i < 2 * blocks; i++) view.setInt32(at + 4 + 4 * i, edges[i]!);
}
