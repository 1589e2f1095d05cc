import { type TransportCipher, transportCipher } from "../aead/mod.ts";
import { ReplayWindow } from "./replay_window.ts";
import {
  KEEPALIVE_TIMEOUT_MS,
  REJECT_AFTER_MESSAGES_HIGH,
  REJECT_AFTER_MESSAGES_LOW,
  REJECT_AFTER_TIME_MS,
  REKEY_AFTER_MESSAGES_HIGH,
  REKEY_AFTER_TIME_MS,
  REKEY_TIMEOUT_MS,
} from "./specification.ts";
import type { TransportKeys } from "./symmetric_state.ts";

/** An initiator that only receives rekeys at this age, so that the session never lapses. WG 6.2. */
const REKEY_ON_RECEIVE_MS = REJECT_AFTER_TIME_MS - KEEPALIVE_TIMEOUT_MS - REKEY_TIMEOUT_MS;

/** Whether a 64-bit counter is at REJECT_AFTER_MESSAGES or beyond. */
export function isCounterSpent(high: number, low: number): boolean {
  return high === REJECT_AFTER_MESSAGES_HIGH && low >= REJECT_AFTER_MESSAGES_LOW;
}

/** What one handshake made: two keys, two counters, two indices, a replay window and an age. */
export class Keypair {
  readonly localIndex: number;
  readonly remoteIndex: number;
  readonly isInitiator: boolean;
  /** Monotonic time of derivation. */
  readonly createdMs: number;
  readonly sendCipher: TransportCipher;
  readonly receiveCipher: TransportCipher;
  readonly window: ReplayWindow = new ReplayWindow();
  /** Counter of the next message sent, high half. */
  sendHigh = 0;
  /** Counter of the next message sent, low half. */
  sendLow = 0;

  /** Binds both keys for the life of the session and wipes the ones it was given. */
  constructor(
    keys: TransportKeys,
    o: { localIndex: number; remoteIndex: number; isInitiator: boolean; nowMs: number },
  ) {
    this.localIndex = o.localIndex;
    this.remoteIndex = o.remoteIndex;
    this.isInitiator = o.isInitiator;
    this.createdMs = o.nowMs;
    this.sendCipher = transportCipher(keys.send);
    this.receiveCipher = transportCipher(keys.receive);
    keys.send.fill(0);
    keys.receive.fill(0);
  }

  /** Whether it is too old to send or receive. */
  isExpired(nowMs: number): boolean {
    return nowMs - this.createdMs >= REJECT_AFTER_TIME_MS;
  }

  /** Whether it may seal one more message. */
  canSend(nowMs: number): boolean {
    return !this.isExpired(nowMs) && !isCounterSpent(this.sendHigh, this.sendLow);
  }

  /** Whether a new handshake is due after sending with it. Spec: WG 6.2. */
  wantsRekeyAfterSend(nowMs: number): boolean {
    return this.sendHigh >= REKEY_AFTER_MESSAGES_HIGH ||
      this.isInitiator && nowMs - this.createdMs >= REKEY_AFTER_TIME_MS;
  }

  /** Whether a new handshake is due after receiving with it. Spec: WG 6.2. */
  wantsRekeyAfterReceive(nowMs: number): boolean {
    return this.isInitiator && nowMs - this.createdMs >= REKEY_ON_RECEIVE_MS;
  }

  /** Uses up the counter of the message about to be sealed. */
  advanceCounter(): void {
    this.sendLow = this.sendLow + 1 >>> 0;
    if (this.sendLow === 0) this.sendHigh++;
  }

  /** Overwrites both keys; it must not be used again. */
  wipe(): void {
    this.sendCipher.wipe();
    this.receiveCipher.wipe();
  }
}
