import type { Endpoint } from "../endpoint/mod.ts";
import { PUNCH_DURATION_MS, PUNCH_INTERVAL_MS } from "./specification.ts";
import {
  LAST_ANSWER_MS,
  MAX_CANDIDATES,
  MAX_HEARD,
  PROBE_OFFSETS_MS,
  PUNCHES_PER_PROBE,
} from "./tuning.ts";

/** What is sent to an address to find out whether the peer is there. */
export interface Shot {
  /** Where to. */
  readonly to: Endpoint;
  /** Whether a punch is due, which only a reference peer understands. */
  readonly punch: boolean;
  /** Whether an authenticated probe is due. */
  readonly probe: boolean;
}

interface Target {
  readonly endpoint: Endpoint;
  readonly startMs: number;
  /** Shots fired so far. */
  shots: number;
}

/** Which schedule an attempt keeps: probes that back off, or a punch every 100 ms for 5 s. */
export type AttemptStyle = "probes" | "punches";

/** When shot number `shots` is due, after the first; `undefined` if that was the last. */
function offsetMs(style: AttemptStyle, shots: number): number | undefined {
  if (style === "probes") return PROBE_OFFSETS_MS[shots];
  const offset = shots * PUNCH_INTERVAL_MS;
  return offset <= PUNCH_DURATION_MS ? offset : undefined;
}

/** One attempt to reach the peer at some addresses, without I/O. */
export class Attempt {
  readonly #style: AttemptStyle;
  readonly #targets = new Map<string, Target>();
  #heard = 0;
  #endMs: number;

  /** Makes an attempt without targets; it is over unless some are added. */
  constructor(style: AttemptStyle, nowMs: number) {
    this.#style = style;
    this.#endMs = nowMs;
  }

  /** Whether `endpoint` is tried, or has been, in this attempt. */
  has(endpoint: Endpoint): boolean {
    return this.#targets.has(endpoint.text);
  }

  /** Tries an address that the peer named, unless it is tried already or 16 are. */
  add(endpoint: Endpoint, nowMs: number): void {
    if (this.#targets.size - this.#heard < MAX_CANDIDATES) this.#add(endpoint, nowMs);
  }

  /** Tries an address that the peer was heard from; four at most are tried beyond the named ones. */
  addHeard(endpoint: Endpoint, nowMs: number): void {
    if (this.#heard < MAX_HEARD && this.#add(endpoint, nowMs)) this.#heard++;
  }

  /** No more shots at an address: it has answered. */
  settle({ text }: Endpoint): void {
    const target = this.#targets.get(text);
    if (target !== undefined) target.shots = Infinity;
  }

  /** The shots that are due; each is returned once, and of those that were missed only the last. */
  due(nowMs: number): Shot[] {
    const shots: Shot[] = [];
    for (const target of this.#targets.values()) {
      const number = target.shots;
      while (this.#dueMs(target) <= nowMs) target.shots++;
      if (target.shots === number) continue;
      const punch = this.#style === "punches";
      shots.push({ to: target.endpoint, punch, probe: !punch || number % PUNCHES_PER_PROBE === 0 });
    }
    return shots;
  }

  /** When a shot is due next, or else the attempt is over. */
  nextDeadlineMs(): number {
    const due = Math.min(...[...this.#targets.values()].map((target) => this.#dueMs(target)));
    return Math.min(due, this.#endMs);
  }

  /** Whether the last shot was fired long enough ago. */
  isOver(nowMs: number): boolean {
    return nowMs >= this.#endMs;
  }

  #add(endpoint: Endpoint, nowMs: number): boolean {
    if (this.#targets.has(endpoint.text)) return false;
    this.#targets.set(endpoint.text, { endpoint, startMs: nowMs, shots: 0 });
    const lastMs = this.#style === "probes" ? PROBE_OFFSETS_MS.at(-1)! : PUNCH_DURATION_MS;
    this.#endMs = nowMs + lastMs + LAST_ANSWER_MS;
    return true;
  }

  #dueMs({ startMs, shots }: Target): number {
    const offset = offsetMs(this.#style, shots);
    return offset === undefined ? Infinity : startMs + offset;
  }
}
