/**
 * A sequence or acknowledgement number, kept as a *signed* 32-bit integer: wrap-around is then what
 * `| 0` does, and V8 stores it without a heap object. Only the wire and texts show it unsigned.
 *
 * Spec: RFC 9293 §3.4.
 */
export type Seq = number & { readonly brand: "Seq" };

/** The sequence number whose low 32 bits are those of `value`. */
export function toSeq(value: number): Seq {
  return (value | 0) as Seq;
}

/** `seq` moved by `byBytes`, which may be negative. */
export function seqAdd(seq: Seq, byBytes: number): Seq {
  return (seq + byBytes | 0) as Seq;
}

/** How far `a` is ahead of `b`: -2^31 to 2^31 - 1, negative if it is behind. */
export function seqDiff(a: Seq, b: Seq): number {
  return (a - b) | 0;
}

/** Whether `a` comes before `b`. */
export function seqLt(a: Seq, b: Seq): boolean {
  return ((a - b) | 0) < 0;
}

/** Whether `a` comes before `b` or is the same. */
export function seqLe(a: Seq, b: Seq): boolean {
  return ((a - b) | 0) <= 0;
}

/** The later of two. */
export function seqMax(a: Seq, b: Seq): Seq {
  return ((a - b) | 0) < 0 ? b : a;
}
