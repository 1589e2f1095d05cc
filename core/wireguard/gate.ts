import type { Packet, Random } from "../bytes/mod.ts";
import { LoadMeter, RateLimiter, SourceLimiter } from "./load.ts";
import { MacChecker } from "./mac_checker.ts";
import type { MessageAt } from "./mac_writer.ts";
import { COOKIE_REPLY, INITIATION, MESSAGE_TYPE, readU32 } from "./messages.ts";
import { MAC_BYTES } from "./specification.ts";
import { COOKIE_REPLY_RATE } from "./tuning.ts";

/** What the gate decides about a handshake message. */
export type Admission = "admitted" | "bad-mac1" | "cookie-required" | "rate-limited";

/** What is counted of one kind of message. */
class Counts {
  readonly load = new LoadMeter();
  readonly sources = new SourceLimiter();
  readonly cookieReplies = new RateLimiter(COOKIE_REPLY_RATE);
}

/**
 * Stands before the expensive part of the handshake: refuses who does not know our public key and,
 * under load, who has not proved its address or sends too often from it.
 *
 * Initiations and responses are counted apart. A response names an index that only who sees our
 * initiation knows; so under a flood of initiations from elsewhere, which leaves the peer's no chance,
 * our own are still answered.
 *
 * Spec: WG 5.3.
 */
export class Gate {
  readonly #checker: MacChecker;
  readonly #initiations = new Counts();
  readonly #responses = new Counts();

  constructor(ownPublicKey: Uint8Array, random: Random) {
    this.#checker = new MacChecker(ownPublicKey, random);
  }

  /** Decides about an initiation or a response; on `"cookie-required"` a cookie reply is due. */
  admit(bytes: Uint8Array, at: MessageAt, source: Uint8Array): Admission {
    const isResponse = bytes[at.start] === MESSAGE_TYPE.response;
    const counts = isResponse ? this.#responses : this.#initiations;
    if (isHopeless(bytes, at, counts)) return "rate-limited";
    if (!this.#checker.hasValidMac1(bytes, at.start, at.end)) return "bad-mac1";
    if (!counts.load.note(at.nowMs)) return "admitted";
    if (this.#checker.hasValidMac2(bytes, at, source)) {
      return counts.sources.allow(source, at.nowMs) ? "admitted" : "rate-limited";
    }
    return counts.cookieReplies.allow(at.nowMs) ? "cookie-required" : "rate-limited";
  }

  /** Writes the cookie reply to the handshake message at `at` into `reply`, which is empty. */
  writeCookieReply(
    reply: Packet,
    { bytes, at, source }: { bytes: Uint8Array; at: MessageAt; source: Uint8Array },
  ): void {
    reply.end = reply.start + COOKIE_REPLY.lengthBytes;
    this.#checker.writeCookieReply(reply.bytes, reply.start, {
      bytes,
      end: at.end,
      // Both kinds of handshake message have the sender's index at the same place.
      sender: readU32(bytes, at.start + INITIATION.sender),
      source,
      nowMs: at.nowMs,
    });
  }

  /** Forgets the secret behind all cookies. */
  wipe(): void {
    this.#checker.wipe();
  }
}

/**
 * Whether nothing but a cookie reply could come of a message, and none may be sent now. Refused
 * before any mac is computed, so that a flood costs a look at sixteen bytes.
 */
function isHopeless(bytes: Uint8Array, { end, nowMs }: MessageAt, counts: Counts): boolean {
  if (!counts.load.isLoaded(nowMs) || counts.cookieReplies.wouldAllow(nowMs)) return false;
  for (let i = end - MAC_BYTES; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}
