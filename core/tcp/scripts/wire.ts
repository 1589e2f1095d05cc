import { ScriptError, type SegmentSpec } from "./script.ts";

/**
 * Segments as bytes, written and read here on their own: what the stack under test gets wrong in both
 * directions must not cancel out.
 */
const HEADER_BYTES = 20;

const FLAG_BITS: readonly (readonly [letter: string, bit: number])[] = [
  ["S", 0x02],
  ["F", 0x01],
  ["R", 0x04],
  ["A", 0x10],
  ["P", 0x08],
  ["U", 0x20],
];

/** What relative numbers count from, and the ports of lines that name none. */
export interface Bases {
  /** Initial sequence number of this end. */
  localIss: number;
  /** Initial sequence number of the peer. */
  peerIss: number;
  /** Port of the peer and port of this end. */
  ports: readonly [peer: number, local: number];
}

/** The byte at `position` of both streams; position 0 is the first byte behind the SYN. */
export function streamByte(position: number): number {
  return Math.imul(position + 1, 0x9e3779b1) >>> 24;
}

/** The one's complement of the one's complement sum, the plain way. Spec: RFC 1071 §1. */
export function checksum(bytes: Uint8Array, pseudoSum: number): number {
  let sum = pseudoSum + bytes.length;
  for (let i = 0; i < bytes.length; i++) sum += i % 2 === 0 ? bytes[i]! << 8 : bytes[i]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum ^ 0xffff;
}

/** What stands in a segment besides what the script says. */
export interface Surroundings {
  /** What relative numbers count from. */
  readonly bases: Bases;
  /** The sum over the pseudo-header without the length. */
  readonly pseudoSum: number;
}

/** The peer's segment. */
export function encodeSegment(
  spec: SegmentSpec,
  { bases, pseudoSum }: Surroundings,
): Uint8Array<ArrayBuffer> {
  const options = encodeOptions(spec, bases);
  const headerBytes = HEADER_BYTES + options.length;
  const bytes = new Uint8Array(headerBytes + spec.lengthBytes);
  const view = new DataView(bytes.buffer);
  const [peerPort, localPort] = spec.ports ?? bases.ports;
  let flags = 0;
  for (const [letter, bit] of FLAG_BITS) if (spec.flags.includes(letter)) flags |= bit;
  view.setUint16(0, peerPort);
  view.setUint16(2, localPort);
  view.setUint32(4, bases.peerIss + spec.seq);
  if (spec.ack !== undefined) view.setUint32(8, bases.localIss + spec.ack);
  view.setUint8(12, (spec.headerWords ?? headerBytes / 4) << 4);
  view.setUint8(13, flags);
  view.setUint16(14, spec.window ?? 60000);
  view.setUint16(18, spec.urgent ?? 0);
  bytes.set(options, HEADER_BYTES);
  const position = spec.seq + (spec.flags.includes("S") ? 1 : 0) - 1;
  for (let i = 0; i < spec.lengthBytes; i++) {
    bytes[headerBytes + i] = streamByte(position + i) ^ (spec.foreign ? 0xff : 0);
  }
  const arriving = bytes.subarray(0, spec.cutBytes ?? bytes.length);
  if (arriving.length >= HEADER_BYTES) {
    view.setUint16(16, checksum(arriving, pseudoSum) ^ (spec.badChecksum ? 1 : 0));
  }
  return arriving;
}

function encodeOptions(spec: SegmentSpec, { localIss }: Bases): number[] {
  const out: number[] = [];
  const word = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
  if (spec.mss !== undefined) out.push(2, 4, spec.mss >> 8, spec.mss & 0xff);
  if (spec.windowScale !== undefined) out.push(1, 3, 3, spec.windowScale);
  if (spec.sackPermitted) out.push(1, 1, 4, 2);
  if (spec.timestamps !== undefined) {
    const [value = 0, echo = 0] = spec.timestamps;
    out.push(1, 1, 8, 10, ...word(value), ...word(echo));
  }
  if (spec.sack.length > 0) {
    out.push(1, 1, 5, 2 + 8 * spec.sack.length);
    for (const edge of spec.sack.flat()) out.push(...word(localIss + edge));
  }
  if (spec.rawOptions !== undefined) out.push(...spec.rawOptions);
  return out;
}

/** A segment that the stack sent. */
export interface SentSegment {
  /** When. */
  readonly atMs: number;
  /** Its bytes, from the TCP header on. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Whether the segment has flag SYN. */
export function isSyn({ bytes }: SentSegment): boolean {
  return (bytes[13]! & 0x02) !== 0;
}

/** What a sent segment says, in the form of a script. */
export function decodeSegment({ bytes }: SentSegment, bases: Bases): SegmentSpec {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const bits = bytes[13]!;
  const headerBytes = (bytes[12]! >> 4) * 4;
  const flags = FLAG_BITS.filter(([, bit]) => (bits & bit) !== 0).map(([letter]) => letter);
  return {
    ports: [view.getUint16(2), view.getUint16(0)],
    flags: flags.join(""),
    seq: (view.getInt32(4) - bases.localIss) | 0,
    lengthBytes: bytes.length - headerBytes,
    ...((bits & 0x10) !== 0 ? { ack: (view.getInt32(8) - bases.peerIss) | 0 } : {}),
    window: view.getUint16(14),
    ...decodeOptions(view, headerBytes, bases),
    absent: [],
  };
}

type Decoded = Pick<SegmentSpec, "sack"> & Partial<SegmentSpec>;

function decodeOptions(view: DataView, headerBytes: number, { peerIss }: Bases): Decoded {
  const found: { -readonly [K in keyof Decoded]: Decoded[K] } = { sack: [] };
  for (let at = HEADER_BYTES; at < headerBytes && view.getUint8(at) !== 0;) {
    const kind = view.getUint8(at);
    if (kind === 1) {
      at++;
      continue;
    }
    const length = view.getUint8(at + 1);
    if (kind === 2) found.mss = view.getUint16(at + 2);
    else if (kind === 3) found.windowScale = view.getUint8(at + 2);
    else if (kind === 4) found.sackPermitted = true;
    else if (kind === 8) found.timestamps = [view.getUint32(at + 2), view.getUint32(at + 6)];
    else if (kind === 5) {
      const edge = (offset: number) => (view.getInt32(at + offset) - peerIss) | 0;
      const count = (length - 2) / 8;
      found.sack = Array.from({ length: count }, (_, i) => [edge(2 + 8 * i), edge(6 + 8 * i)]);
    } else throw new ScriptError(0, `the stack sent an unknown option ${kind}`);
    at += length;
  }
  return found;
}

/** The bytes of the payload that are not those of the stream: the offset of the first, or -1. */
export function foreignByte({ bytes }: SentSegment, { seq, flags }: SegmentSpec): number {
  const payload = bytes.subarray((bytes[12]! >> 4) * 4);
  const position = seq + (flags.includes("S") ? 1 : 0) - 1;
  return payload.findIndex((byte, i) => byte !== streamByte(position + i));
}

/**
 * The part of a sent segment that the script speaks of. Window, PSH, and the options of a SYN count
 * only where the line mentions them; everything else always does.
 */
export function restrict(sent: SegmentSpec, expected: SegmentSpec): SegmentSpec {
  const syn = sent.flags.includes("S");
  const speaksOf = (field: keyof SegmentSpec, name: SegmentSpec["absent"][number]) =>
    !syn || expected[field] !== undefined || expected.absent.includes(name);
  const { mss, windowScale, sackPermitted, timestamps, window, ack } = sent;
  const wanted = expected.timestamps;
  const flags = expected.flags.includes("P") ? sent.flags : sent.flags.replace("P", "");
  return {
    ...(sent.ports === undefined ? {} : { ports: sent.ports }),
    flags,
    seq: sent.seq,
    lengthBytes: sent.lengthBytes,
    ...(ack === undefined ? {} : { ack }),
    ...(expected.window === undefined || window === undefined ? {} : { window }),
    ...(mss !== undefined && speaksOf("mss", "mss") ? { mss } : {}),
    ...(windowScale !== undefined && speaksOf("windowScale", "ws") ? { windowScale } : {}),
    ...(sackPermitted && speaksOf("sackPermitted", "sackok") ? { sackPermitted } : {}),
    ...(timestamps !== undefined && speaksOf("timestamps", "ts")
      ? {
        timestamps: timestamps.map((value, i) =>
          wanted !== undefined && wanted[i] === undefined ? undefined : value
        ) as [number | undefined, number | undefined],
      }
      : {}),
    sack: sent.sack,
    absent: [],
  };
}

/** A segment as a line of a script shows it. */
export function formatSegment(spec: SegmentSpec): string {
  const words: string[] = [];
  if (spec.ports !== undefined) words.push(spec.ports.join(":"));
  const letters = FLAG_BITS.map(([letter]) => letter).filter((l) => spec.flags.includes(l));
  words.push(letters.join("") || "-");
  words.push(`${spec.seq}${spec.lengthBytes > 0 ? `+${spec.lengthBytes}` : ""}`);
  if (spec.ack !== undefined) words.push(`${spec.ack}`);
  if (spec.window !== undefined) words.push(`win ${spec.window}`);
  if (spec.mss !== undefined) words.push(`mss ${spec.mss}`);
  if (spec.windowScale !== undefined) words.push(`ws ${spec.windowScale}`);
  if (spec.sackPermitted) words.push("sackok");
  if (spec.timestamps !== undefined) {
    words.push(`ts ${spec.timestamps.map((value) => value ?? "*").join(" ")}`);
  }
  if (spec.sack.length > 0) words.push(`sack ${spec.sack.map((b) => b.join("-")).join(" ")}`);
  return words.join(" ");
}
