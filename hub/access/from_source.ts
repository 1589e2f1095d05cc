import type { Repeatable } from "../../core/log/mod.ts";
import { sourceOf } from "./throttle.ts";

/** What a peer has done, or had refused, and may have any number of times. */
export interface Sourced {
  /** What it is; not of the peer's choice. */
  readonly what: string;
  /** What else there is to say; never a secret. */
  readonly detail: string;
  /** Of the peer, as `192.0.2.7:4711`. */
  readonly remoteAddress: string;
}

/** For the log: what comes from one {@linkcode sourceOf} source is alike. */
export function fromSource({ what, detail, remoteAddress }: Sourced): Repeatable {
  const which = `from ${sourceOf(remoteAddress)}`;
  return { what, detail: `${detail}, from ${remoteAddress}`, which };
}
