/** How often the hub is asked for what is on screen. */
const PERIOD_MS = 3000;

/** How seldom, at most, when it does not answer. */
const MAX_BACKOFF_MS = 60_000;

/**
 * How long to wait before asking again.
 *
 * @param {{ failures: number, tookMs: number }} last failures in a row, and how long the last answer
 *   took: a hub or a network that is slow is asked less often
 * @returns {number} milliseconds
 */
export function pauseMs({ failures, tookMs }) {
  if (failures > 0) return Math.min(MAX_BACKOFF_MS, PERIOD_MS * 2 ** (failures - 1));
  return Math.min(MAX_BACKOFF_MS, Math.max(PERIOD_MS, tookMs * 5));
}

/**
 * @typedef {object} PollerOptions
 * @property {() => Promise<void>} ask gets and shows what is on screen; rejects if it cannot
 * @property {(failure: { error: unknown, waitMs: number } | undefined) => void} onAnswer told of
 *   every attempt: undefined if it went well
 * @property {() => number} now milliseconds of a clock that never jumps
 * @property {(fn: () => void, ms: number) => unknown} setTimer
 * @property {(timer: any) => void} clearTimer
 */

/** Asks again and again, never twice at a time, and not at all while nobody looks. */
export class Poller {
  /** @type {PollerOptions} */
  #options;
  /** @type {unknown} */
  #timer;
  #failures = 0;
  #isPaused = false;
  /** @type {Promise<void> | undefined} */
  #running;
  #isWanted = false;

  /** @param {PollerOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /**
   * Asks now; if it is being asked already, once more after that.
   *
   * @returns {Promise<void>} settles when the answer is on screen
   */
  async refresh() {
    this.#options.clearTimer(this.#timer);
    this.#failures = 0;
    if (this.#running !== undefined) this.#isWanted = true;
    await (this.#running ??= this.#run());
  }

  /**
   * Stops asking, or goes on at once.
   *
   * @param {boolean} isPaused
   */
  setPaused(isPaused) {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    this.#options.clearTimer(this.#timer);
    if (!isPaused) void this.refresh();
  }

  async #run() {
    try {
      do {
        this.#isWanted = false;
        await this.#attempt();
      } while (this.#isWanted);
    } finally {
      this.#running = undefined;
    }
  }

  async #attempt() {
    const { ask, onAnswer, now, setTimer, clearTimer } = this.#options;
    const startedMs = now();
    /** @type {unknown} */
    let error;
    try {
      await ask();
      this.#failures = 0;
    } catch (thrown) {
      error = thrown;
      this.#failures++;
    }
    const waitMs = pauseMs({ failures: this.#failures, tookMs: now() - startedMs });
    clearTimer(this.#timer);
    if (!this.#isPaused) this.#timer = setTimer(() => void (this.#running ??= this.#run()), waitMs);
    onAnswer(this.#failures === 0 ? undefined : { error, waitMs });
  }
}
