/** What a {@linkcode DeadlineQueue} keeps; the fields belong to the queue. */
export interface Timed {
  /** When it is due; read only through the queue. */
  queuedAtMs: number;
  /** Its place in the queue, -1 while it is not in it. */
  queueIndex: number;
}

/** How far off a deadline is, and on which grid it then lies, in ms: nobody waits for these to the ms. */
const GRIDS = [
  { fromMs: 2000, gridMs: 100 },
  { fromMs: 40, gridMs: 10 },
  { fromMs: 10, gridMs: 5 },
] as const;

/**
 * When a deadline is met: one that is not near at `nowMs` a little later than it says, so that one
 * wakeup serves many. Each short connection would have three of its own otherwise: for a probe, for an
 * acknowledgement, and when it leaves TIME-WAIT.
 */
export function onGrid(deadlineMs: number, nowMs: number): number {
  const distanceMs = deadlineMs - nowMs;
  for (const { fromMs, gridMs } of GRIDS) {
    if (distanceMs >= fromMs) return Math.ceil(deadlineMs / gridMs) * gridMs;
  }
  return deadlineMs;
}

/**
 * Who is due when, earliest first: a binary heap whose items know their place, so that each is in it
 * once. A deadline that moves earlier costs O(log n); one that moves later costs nothing until it
 * would have been due.
 */
export class DeadlineQueue<T extends Timed> {
  readonly #heap: T[] = [];

  /** Items in the queue. */
  get size(): number {
    return this.#heap.length;
  }

  /** The earliest deadline; Infinity if there is none. */
  get earliestMs(): number {
    return this.#heap[0]?.queuedAtMs ?? Infinity;
  }

  /** Queues an item, or moves it forward; nothing happens if it is due earlier already. */
  atLatest(item: T, deadlineMs: number): void {
    if (item.queueIndex < 0) {
      if (deadlineMs === Infinity) return;
      item.queueIndex = this.#heap.push(item) - 1;
    } else if (deadlineMs >= item.queuedAtMs) return;
    item.queuedAtMs = deadlineMs;
    this.#rise(item);
  }

  /** Takes out the earliest item if it is due at `nowMs`. */
  takeDue(nowMs: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.queuedAtMs > nowMs) return undefined;
    this.remove(first);
    return first;
  }

  /** Takes an item out, if it is in. */
  remove(item: T): void {
    const { queueIndex } = item;
    if (queueIndex < 0) return;
    item.queueIndex = -1;
    const last = this.#heap.pop()!;
    if (last === item) return;
    this.#put(last, queueIndex);
    this.#rise(last);
    this.#sink(last);
  }

  #put(item: T, index: number): void {
    this.#heap[index] = item;
    item.queueIndex = index;
  }

  #rise(item: T): void {
    let index = item.queueIndex;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#heap[above]!;
      if (parent.queuedAtMs <= item.queuedAtMs) break;
      this.#put(parent, index);
      index = above;
    }
    this.#put(item, index);
  }

  #sink(item: T): void {
    let index = item.queueIndex;
    for (;;) {
      const left = 2 * index + 1;
      const right = this.#heap[left + 1];
      const child = right !== undefined && right.queuedAtMs < this.#heap[left]!.queuedAtMs
        ? right
        : this.#heap[left];
      if (child === undefined || child.queuedAtMs >= item.queuedAtMs) break;
      const below = child.queueIndex;
      this.#put(child, index);
      index = below;
    }
    this.#put(item, index);
  }
}
