import type { Scoreboard } from "./scoreboard.ts";
import type { Segment } from "./segment.ts";
import { type Seq, seqLe, seqLt, toSeq } from "./seq.ts";

/** What an acknowledgement said, beyond its number. One instance is filled again for each. */
export class AckNews {
  /** Bytes it newly says to have arrived. */
  deliveredBytes = 0;
  /** Bytes by which `sndUna` moved. */
  ackedBytes = 0;
  /** When the segment was sent that it echoes, or -1 without timestamps. */
  echoedMs: number = -1;
  /** Whether it reports a segment that arrived twice. Spec: RFC 2883. */
  duplicate = false;
  /** Where a segment that arrived twice starts; valid if `duplicate`. */
  duplicateStart: Seq = toSeq(0);
  /** Where it ends. */
  duplicateEnd: Seq = toSeq(0);

  /** Takes the SACK blocks of `segment`, `sndUna` being as after its number. Spec: RFC 2018 §5, RFC 2883 §4. */
  takeSack(segment: Segment, { sndUna, board }: { sndUna: Seq; board: Scoreboard }): void {
    const { sackEdges: edges, sackCount } = segment;
    const [start, end] = [edges[0]! as Seq, edges[1]! as Seq];
    const inSecond = sackCount > 1 && seqLe(edges[2]! as Seq, start) &&
      seqLe(end, edges[3]! as Seq);
    if (seqLt(start, end) && (seqLe(end, sndUna) || inSecond)) {
      this.duplicate = true;
      this.duplicateStart = start;
      this.duplicateEnd = end;
    }
    for (let i = this.duplicate ? 1 : 0; i < sackCount; i++) {
      board.sack(edges[2 * i]! as Seq, edges[2 * i + 1]! as Seq);
    }
  }
}
