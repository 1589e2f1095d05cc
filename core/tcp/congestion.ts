/** Initial window in segments. Spec: RFC 6928 §2. */
export const INITIAL_WINDOW_SEGMENTS = 10;

/**
 * How much may be in flight: a set of events, each of which an algorithm may ignore. What is lost and
 * when to send it again is decided by the sender, not here.
 */
export abstract class CongestionControl {
  /** Congestion window, 0 until the connection begins. Spec: RFC 5681 §2 (cwnd). */
  cwndBytes = 0;
  /** Slow-start threshold. Spec: RFC 5681 §2 (ssthresh). */
  ssthreshBytes = Infinity;

  /** The connection is established; `synLost` if its SYN had to be sent again. */
  begin(_mssBytes: number, _synLost: boolean): void {}

  /** The segment size changed with the path. */
  setMss(_mssBytes: number): void {}

  /** New data arrived while the window, not the application, limited sending. */
  acked(_ackedBytes: number, _nowMs: number, _srttMs: number): void {}

  /** New data arrived, whatever limits sending. */
  delivered(_bytes: number): void {}

  /** The path changed: times measured before say nothing any more. */
  pathChanged(): void {}

  /** A segment took this long there and back; for every acknowledgement that allows to tell. */
  rttSample(_rttMs: number): void {}

  /** All that was in flight when the last round started has been acknowledged. */
  roundStarted(_nowMs: number): void {}

  /** Whether a loss of `lostBytes` more, to be repaired in any case, is to be taken for congestion. */
  congested(_lostBytes: number): boolean {
    return true;
  }

  /** A loss was detected by duplicate or selective acknowledgements; once per window of data. */
  lossDetected(_flightBytes: number, _nowMs: number): void {}

  /** All data in flight at the loss has been acknowledged. */
  recovered(_flightBytes: number): void {}

  /** The retransmission timer ran out; `first` unless it did so for this data before. */
  timedOut(_flightBytes: number, _first: boolean): void {}

  /** The last loss or timeout was none: what it changed is to be taken back. Spec: RFC 4015. */
  undo(): void {}

  /** Sending resumes after a pause of at least one retransmission timeout. */
  idle(): void {}
}
