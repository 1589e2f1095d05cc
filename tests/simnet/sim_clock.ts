import type { Clock, Timer } from "../../core/clock/mod.ts";

interface Event {
  atMs: number;
  order: number;
  callback: (() => void) | undefined;
}

/** A virtual clock that jumps from one event to the next; a binary heap, as runs have many events. */
export class SimClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #heap: Event[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const event: Event = {
      atMs: this.#nowMs + Math.max(delayMs, 0),
      order: this.#order++,
      callback,
    };
    this.#push(event);
    return { cancel: () => void (event.callback = undefined) };
  }

  /** Time of the next event, or `Infinity`. */
  nextMs(): number {
    while (this.#heap.length > 0 && this.#heap[0]!.callback === undefined) this.#pop();
    return this.#heap[0]?.atMs ?? Infinity;
  }

  /** Jumps to the next event and runs it; false if there is none. */
  step(): boolean {
    if (this.nextMs() === Infinity) return false;
    const event = this.#pop();
    this.#nowMs = event.atMs;
    event.callback!();
    return true;
  }

  #before(a: Event, b: Event): boolean {
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let i = heap.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(event, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = event;
  }

  #pop(): Event {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}
