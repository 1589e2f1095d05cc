import { CongestionControl, INITIAL_WINDOW_SEGMENTS } from "./congestion.ts";

/** Slow start and congestion avoidance with byte counting. Spec: RFC 5681 §3.1, RFC 6582, RFC 3465. */
export class NewReno extends CongestionControl {
  #mssBytes = 0;
  #ackedBytes = 0;
  #priorCwndBytes = 0;
  #priorSsthreshBytes = Infinity;

  /** Spec: RFC 6928 §2 (initial window, and one segment after a lost SYN). */
  override begin(mssBytes: number, synLost: boolean): void {
    this.#mssBytes = mssBytes;
    this.cwndBytes = synLost ? mssBytes : this.#initialWindow();
  }

  override setMss(mssBytes: number): void {
    this.#mssBytes = mssBytes;
    // The window is in bytes, but less than two segments would stop the clock of acknowledgements.
    this.cwndBytes = Math.max(this.cwndBytes, 2 * mssBytes);
  }

  /**
   * Deviation from RFC 5681 (2): slow start grows by all that was acknowledged, not by at most one
   * segment per ACK, as peers acknowledge a whole batch at once. Linux does the same.
   */
  override acked(ackedBytes: number): void {
    if (this.cwndBytes < this.ssthreshBytes) {
      const growth = Math.min(ackedBytes, this.ssthreshBytes - this.cwndBytes);
      this.cwndBytes += growth;
      ackedBytes -= growth;
    }
    if (ackedBytes === 0) return;
    this.#ackedBytes += ackedBytes;
    if (this.#ackedBytes < this.cwndBytes) return;
    this.#ackedBytes -= this.cwndBytes;
    this.cwndBytes += this.#mssBytes;
  }

  override lossDetected(flightBytes: number): void {
    this.#remember();
    this.ssthreshBytes = Math.max(flightBytes / 2, 2 * this.#mssBytes);
    this.cwndBytes = this.ssthreshBytes;
    this.#ackedBytes = 0;
  }

  /** Spec: RFC 6582 §3.2 (3), the first choice, which avoids a burst. */
  override recovered(flightBytes: number): void {
    const flight = Math.max(flightBytes, this.#mssBytes) + this.#mssBytes;
    this.cwndBytes = Math.min(this.ssthreshBytes, flight);
  }

  override timedOut(flightBytes: number, first: boolean): void {
    if (first) {
      this.#remember();
      this.ssthreshBytes = Math.max(flightBytes / 2, 2 * this.#mssBytes);
    }
    this.cwndBytes = this.#mssBytes;
    this.#ackedBytes = 0;
  }

  override undo(): void {
    this.cwndBytes = Math.max(this.cwndBytes, this.#priorCwndBytes);
    this.ssthreshBytes = Math.max(this.ssthreshBytes, this.#priorSsthreshBytes);
  }

  #remember(): void {
    this.#priorCwndBytes = this.cwndBytes;
    this.#priorSsthreshBytes = this.ssthreshBytes;
  }

  /** Spec: RFC 5681 §4.1 (restart window). */
  override idle(): void {
    this.cwndBytes = Math.min(this.cwndBytes, this.#initialWindow());
  }

  #initialWindow(): number {
    return INITIAL_WINDOW_SEGMENTS * this.#mssBytes;
  }
}
