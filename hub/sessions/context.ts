import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import type { DefaultUpdate } from "../../core/control/mod.ts";
import type { Log, RepeatLog } from "../../core/log/mod.ts";
import type { Access, Authenticator, Caller } from "../access/mod.ts";
import type { Audit } from "../audit/mod.ts";
import type { Registry } from "../registry/mod.ts";
import type { Peer } from "./peer.ts";
import type { UdpCarrier } from "../udp/mod.ts";

/** What the session machine works with. */
export interface SwitchboardOptions {
  /** The machines. */
  readonly registry: Registry;
  /** Who may do what, as of now. */
  readonly access: () => Access;
  /** Finds out who dials in. */
  readonly authenticator: Authenticator;
  /** Takes note of registrations, sessions and refusals. */
  readonly audit: Audit;
  /** Relays sessions by UDP, if it can. */
  readonly udp?: UdpCarrier | undefined;
  /** What agents are told about updates, if anything. */
  readonly defaultUpdate: () => DefaultUpdate | undefined;
  /** Times joins, pings and stalls. */
  readonly clock: Clock;
  /** Makes session ids. */
  readonly random: Random;
  /** Takes a line for each event; never a token. */
  readonly log: Log;
  /** Takes what a peer can cause any number of, for the log. */
  readonly repeats: RepeatLog;
}

/** Whose token a socket was opened with. */
export interface Holder {
  /** Id of the identity, as it was called then. */
  readonly id: string;
  /** By which its right is looked up again. */
  readonly digest: string;
}

/** The holder of the token that a caller has shown; undefined on an open hub. */
export function holderOf(caller: Caller): Holder | undefined {
  return caller.kind === "identity" ? { id: caller.id, digest: caller.digest } : undefined;
}

/** Why what was opened with a token that is revoked, replaced, past its end or gone is ended. */
export const INVALID_TOKEN = "the token is no longer valid";

/**
 * Refusal of a source that has shown too many wrong tokens. Agents take `access denied` and `invalid
 * token` for the end, which this is not.
 */
export function throttledText(waitMs: number): string {
  const seconds = Math.ceil(waitMs / 1000);
  return `Too many attempts with wrong tokens from this address; try again in ${seconds} s`;
}

/** Takes note of a refusal; wrong tokens are noted where they are found. */
export function deny(
  { audit }: SwitchboardOptions,
  caller: Caller,
  { peer, machine, reason }: {
    readonly peer: Peer;
    readonly machine: string;
    readonly reason: string;
  },
): void {
  if (caller.kind === "anonymous" && caller.reason !== "no token") return;
  audit.record({
    event: "denial",
    result: "refused",
    identity: caller.kind === "identity" ? caller.id : undefined,
    machine,
    source: peer.connection.remoteAddress,
    reason: caller.kind === "anonymous" ? caller.reason : reason,
  });
}

/** A name of a peer's choice, short enough for a log line. */
export function brief(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}
