/** Questions remembered until they are answered; the oldest is forgotten for a new one. */
const MAX_QUESTIONS = 8;

/**
 * Answers until a round trip counts as known. The shortest of them is taken, as the first are late
 * while programs warm up.
 */
const FIRST_ANSWERS = 4;

/** Of so many round trips the middle one counts: a peer that does not read for a moment is not slow. */
const MEDIAN_OF = 3;

/** Weights of the middle one in the smoothed round trip, and of its difference from that. */
const RTT_GAIN = 1 / 2;
const DEVIATION_GAIN = 1 / 4;

/** A round trip under load tells about the transfer of the moment and not about the next, in ms. */
const LOADED_VALID_MS = 10_000;

/** Packets over which loss is averaged; older ones count for ever less. */
const LOSS_WINDOW_PACKETS = 500;

interface Question {
  seq: number;
  atMs: number;
  /** Packets sent by the path when it was asked, the question included. */
  sentPackets: number;
  /** Asked among the data of a transfer. */
  isLoaded: boolean;
}

/**
 * Round trip and loss of one path, from questions and answers, without I/O. The peer's count of what
 * it received, against ours of what we sent, tells the loss of all traffic; from a peer that does
 * not count, the questions themselves are the sample. How long a question takes behind the data of a
 * transfer says how much the path queues, and is kept apart from the round trip.
 */
export class PathMeter {
  /** Packets sent by the path; the owner counts them. */
  sentPackets = 0;
  readonly #questions: Question[] = [];
  #nextSeq = 1;
  #rttMs: number | undefined;
  #deviationMs = 0;
  #answers = 0;
  /** The last round trips. */
  readonly #recentMs: number[] = [];
  #loaded: { ms: number; atMs: number } | undefined;
  /** Counts at the last answer. */
  #sentAt = 0;
  #receivedAt: number | undefined;
  #windowSent = 0;
  #windowLost = 0;

  /** Smoothed round trip in ms; `undefined` until measured. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** Whether so many questions were answered that the round trip is no accident. */
  get isSettled(): boolean {
    return this.#answers >= FIRST_ANSWERS;
  }

  /** Smoothed difference of round trips from {@linkcode PathMeter.rttMs}, in ms. */
  get deviationMs(): number {
    return this.#deviationMs;
  }

  /**
   * Round trip behind the data of a transfer that goes on, in ms, be it that of a question that is
   * still open; `undefined` if none was asked lately.
   */
  loadedMs(nowMs: number): number | undefined {
    const isLate = (atMs: number) => nowMs - atMs >= LOADED_VALID_MS;
    const open = this.#questions.find(({ isLoaded, atMs }) => isLoaded && !isLate(atMs));
    const last = this.#loaded;
    const openMs = open && nowMs - open.atMs;
    if (last === undefined || isLate(last.atMs)) return openMs;
    return Math.max(openMs ?? 0, last.ms);
  }

  /** Share of sent packets that did not arrive lately, 0 to 1; `undefined` until measured. */
  get loss(): number | undefined {
    return this.#windowSent === 0 ? undefined : this.#windowLost / this.#windowSent;
  }

  /** The last question that is open; `undefined` if none is. */
  get lastOpenSeq(): number | undefined {
    return this.#questions.at(-1)?.seq;
  }

  /**
   * The number for a question that is about to be sent, which the owner has yet to count. `isLoaded`:
   * data of a transfer is sent by the same path before it and after.
   */
  ask(nowMs: number, { isLoaded = false }: { isLoaded?: boolean } = {}): number {
    const seq = this.#nextSeq;
    this.#nextSeq = seq === 0xffff_ffff ? 1 : seq + 1;
    if (this.#questions.length === MAX_QUESTIONS) this.#questions.shift();
    this.#questions.push({ seq, atMs: nowMs, sentPackets: this.sentPackets + 1, isLoaded });
    return seq;
  }

  /**
   * Takes the answer to question `seq`; false if none is open by that number. `receivedPackets` is
   * the peer's count, 32 bits: absent if it does not count at all, 0 if it has not begun to.
   */
  answer(seq: number, receivedPackets: number | undefined, nowMs: number): boolean {
    const index = this.#questions.findIndex((question) => question.seq === seq);
    if (index < 0) return false;
    const [question] = this.#questions.splice(0, index + 1).slice(-1) as [Question];
    const rttMs = Math.max(nowMs - question.atMs, 0);
    if (question.isLoaded) this.#loaded = { ms: rttMs, atMs: nowMs };
    // Better the round trip of a busy path than none.
    if (!question.isLoaded || !this.isSettled) this.#smooth(rttMs);
    if (receivedPackets === undefined) this.#note(index + 1, index);
    else if (receivedPackets > 0) this.#compare(question.sentPackets, receivedPackets);
    return true;
  }

  #smooth(rttMs: number): void {
    const recent = this.#recentMs;
    if (recent.push(rttMs) > MEDIAN_OF) recent.shift();
    const before = this.#rttMs ?? rttMs;
    if (++this.#answers <= FIRST_ANSWERS) {
      this.#rttMs = Math.min(before, rttMs);
      return;
    }
    const difference = recent.toSorted((a, b) => a - b)[MEDIAN_OF >> 1]! - before;
    this.#deviationMs += (Math.abs(difference) - this.#deviationMs) * DEVIATION_GAIN;
    this.#rttMs = before + difference * RTT_GAIN;
  }

  #compare(sentPackets: number, receivedPackets: number): void {
    const received = this.#receivedAt === undefined
      ? undefined
      : (receivedPackets - this.#receivedAt) >>> 0;
    const sent = sentPackets - this.#sentAt;
    this.#sentAt = sentPackets;
    this.#receivedAt = receivedPackets;
    // The counts of both ends begin at different moments: only differences mean something. Packets
    // in flight that overtook the question make a difference that the next one takes back.
    if (received === undefined || sent <= 0 || received > 2 * sent + 64) return;
    this.#note(sent, sent - received);
  }

  #note(sent: number, lost: number): void {
    const keep = Math.max(0, 1 - sent / LOSS_WINDOW_PACKETS);
    this.#windowSent = this.#windowSent * keep + sent;
    this.#windowLost = Math.min(Math.max(this.#windowLost * keep + lost, 0), this.#windowSent);
  }
}
