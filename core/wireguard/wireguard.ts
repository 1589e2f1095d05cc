import { encodeHex, type Packet, type PacketPool, type Random } from "../bytes/mod.ts";
import {
  consumeInitiation,
  consumeResponse,
  createIdentity,
  createInitiation,
  createResponse,
  type Identity,
  type PendingInitiation,
  wipePending,
} from "./handshake.ts";
import { Gate } from "./gate.ts";
import { Keypair } from "./keypair.ts";
import { Keypairs } from "./keypairs.ts";
import { MacWriter, type MessageAt } from "./mac_writer.ts";
import { classify, COOKIE_REPLY, DATA, INITIATION, readU32, RESPONSE } from "./messages.ts";
import { checkMtu, checkOptions, type WireGuardOptions } from "./options.ts";
import { randomU32 } from "./random_u32.ts";
import { REKEY_TIMEOUT_MS, TAG_BYTES } from "./specification.ts";
import {
  createStats,
  type MutableStats,
  type ReceiveResult,
  type SendDropReason,
  type SentKind,
  type WireGuardStats,
} from "./stats.ts";
import { TimestampGuard, TimestampSource } from "./tai64n.ts";
import { type TimerAction, Timers } from "./timers.ts";
import { checkRoom, openMessage, sealPacket } from "./transport.ts";
import { MAX_JITTER_MS, MAX_STAGED_PACKETS, MIN_INITIATION_INTERVAL_MS } from "./tuning.ts";

/** The source of messages on a carrier that has only one. */
const NO_SOURCE = new Uint8Array(0);

/**
 * One end of a WireGuard tunnel with exactly one peer, without I/O: time comes with each call,
 * messages leave through `send`, inner packets through `deliver`, and `nextDeadlineMs` says when
 * `tick` is due. Call `initiate` once the carrier is up. Network input never throws.
 *
 * Spec: WG (see `specification.ts`). Deviation: initiations that cross both win, where others drop
 * both and wait five seconds; see `Keypairs.installAsInitiator`.
 */
export class WireGuard {
  /** Counters since creation. */
  readonly stats: WireGuardStats;
  readonly #stats: MutableStats = createStats();
  readonly #identity: Identity;
  readonly #prefersPeersSession: boolean;
  readonly #pool: PacketPool;
  readonly #random: Random;
  readonly #wallMs: () => number;
  readonly #emit: (packet: Packet) => void;
  readonly #deliver: (bytes: Uint8Array, start: number, end: number) => void;
  #mtuBytes: number;
  #isClosed = false;

  readonly #keypairs = new Keypairs();
  readonly #timers: Timers;
  readonly #staged: Packet[] = [];

  // The initiator's side.
  readonly #macWriter: MacWriter;
  readonly #timestamps = new TimestampSource();
  /** Present exactly while an initiation of ours may be answered. */
  #pending: PendingInitiation | undefined;
  /** When the last initiation or response was sent. */
  #handshakeSentMs = -Infinity;

  // The responder's side.
  readonly #gate: Gate;
  readonly #guard = new TimestampGuard();
  #initiationConsumedMs = -Infinity;

  /**
   * An end without a session, whose timers are not set yet.
   *
   * @throws {RangeError} if a key has a wrong length or is a low-order point, or a number is bad
   */
  constructor(options: WireGuardOptions) {
    checkOptions(options);
    this.#identity = createIdentity(options);
    const { publicKey, peerPublicKey } = this.#identity;
    this.#prefersPeersSession = encodeHex(peerPublicKey) < encodeHex(publicKey);
    this.#macWriter = new MacWriter(peerPublicKey);
    this.#gate = new Gate(publicKey, options.random);
    this.#pool = options.pool;
    this.#random = options.random;
    this.#wallMs = options.wallMs;
    this.#emit = options.send;
    this.#deliver = options.deliver;
    this.#mtuBytes = options.mtuBytes;
    this.#timers = new Timers({
      persistentKeepaliveMs: options.persistentKeepaliveMs ?? 0,
      drawJitterMs: () => randomU32(this.#random) % MAX_JITTER_MS,
    });
    this.stats = this.#stats;
  }

  /**
   * Takes an inner packet: seals it in place and sends it, or keeps it until there is a session, at
   * most `MAX_STAGED_PACKETS`, the oldest dropped for a new one.
   *
   * @throws {RangeError} if it lacks 16 bytes of headroom or 31 of tailroom; the caller keeps it
   */
  send(packet: Packet, nowMs: number): void {
    checkRoom(packet);
    if (this.#isClosed) return this.#dropOutgoing(packet, "closed");
    const { current } = this.#keypairs;
    if (current?.canSend(nowMs)) return this.#seal(packet, current, nowMs);
    if (this.#staged.length === MAX_STAGED_PACKETS) {
      this.#dropOutgoing(this.#staged.shift()!, "staged-full");
    }
    this.#staged.push(packet);
    this.#wantHandshake(nowMs);
  }

  /**
   * Borrows the message from `start` to `end` and opens it in place. `source` stands for the address
   * it came from, to which a cookie is bound; leave it out where the carrier has one peer only.
   */
  receive(
    bytes: Uint8Array,
    start: number,
    end: number,
    nowMs: number,
    source: Uint8Array = NO_SOURCE,
  ): ReceiveResult {
    const result = this.#isClosed ? "closed" : this.#receive(bytes, { start, end, nowMs }, source);
    this.#stats.received[result]++;
    return result;
  }

  /** Monotonic time at which `tick` is due; `Infinity` if no timer is set. */
  nextDeadlineMs(): number {
    return this.#timers.nextDeadlineMs();
  }

  /** Does what is due. Bounded: each timer fires at most once. */
  tick(nowMs: number): void {
    for (let due = this.#timers.takeDue(nowMs); due; due = this.#timers.takeDue(nowMs)) {
      this.#act(due, nowMs);
    }
  }

  /** Starts a handshake unless one is under way. */
  initiate(nowMs: number): void {
    if (!this.#timers.isHandshakeUnderWay) this.#wantHandshake(nowMs);
  }

  /**
   * Changes the size up to which packets are padded, when the path changes.
   *
   * @throws {RangeError} if it is below 148 or above what the pool holds
   */
  setMtu(mtuBytes: number): void {
    checkMtu(mtuBytes, this.#pool);
    this.#mtuBytes = mtuBytes;
  }

  /** Wipes every key, gives staged packets back and does nothing ever after. */
  close(): void {
    this.#isClosed = true;
    this.#timers.clear();
    this.#dropStaged("closed");
    this.#dropPending();
    this.#keypairs.clear();
    this.#macWriter.wipe();
    this.#gate.wipe();
    this.#identity.privateKey.fill(0);
    this.#identity.presharedKey.fill(0);
    this.#identity.staticShared.fill(0);
  }

  #receive(bytes: Uint8Array, at: MessageAt, source: Uint8Array): ReceiveResult {
    switch (classify(bytes, at.start, at.end)) {
      case "data":
        return this.#receiveData(bytes, at);
      case "initiation":
        return this.#refuse(bytes, at, source) ?? this.#receiveInitiation(bytes, at);
      case "response":
        // Checked first since it costs nothing; macs would follow from the same 32 random bits.
        if (readU32(bytes, at.start + RESPONSE.receiver) !== this.#pending?.localIndex) {
          return "unknown-index";
        }
        return this.#refuse(bytes, at, source) ?? this.#receiveResponse(bytes, at);
      case "cookie":
        return this.#receiveCookie(bytes, at);
      case "malformed":
        return "malformed";
    }
  }

  #receiveData(bytes: Uint8Array, at: MessageAt): ReceiveResult {
    const { start, end, nowMs } = at;
    const keypair = this.#keypairs.find(readU32(bytes, start + DATA.receiver));
    if (keypair === undefined) return "unknown-index";
    const opened = openMessage(bytes, at, keypair);
    if (opened !== "opened") return opened;
    this.#noteReceived(nowMs);
    if (this.#keypairs.confirm(keypair)) this.#sessionConfirmed(nowMs);
    if (this.#isClosed) return "closed";
    if (this.#keypairs.current?.wantsRekeyAfterReceive(nowMs)) this.#wantHandshake(nowMs);
    const plainAt = start + DATA.payload;
    const plainEnd = end - TAG_BYTES;
    if (plainEnd === plainAt) return "keepalive";
    this.#timers.dataReceived(nowMs);
    this.#stats.receivedBytes += plainEnd - plainAt;
    this.#deliver(bytes, plainAt, plainEnd);
    return "data";
  }

  /** Why the gate refuses a handshake message, if it does; sends the cookie reply if one is due. */
  #refuse(bytes: Uint8Array, at: MessageAt, source: Uint8Array): ReceiveResult | undefined {
    const admission = this.#gate.admit(bytes, at, source);
    if (admission === "admitted") return undefined;
    if (admission === "cookie-required") {
      const reply = this.#pool.take();
      this.#gate.writeCookieReply(reply, { bytes, at, source });
      this.#sendMessage(reply, "cookie");
    }
    return admission;
  }

  #receiveInitiation(bytes: Uint8Array, { start, nowMs }: MessageAt): ReceiveResult {
    const consumed = consumeInitiation(this.#identity, bytes, start);
    if (typeof consumed === "string") return consumed;
    if (!this.#guard.isNew(consumed.timestamp)) {
      consumed.state.wipe();
      return "replayed-initiation";
    }
    if (nowMs - this.#initiationConsumedMs < MIN_INITIATION_INTERVAL_MS) {
      consumed.state.wipe();
      return "flood";
    }
    const packet = this.#takePacket(RESPONSE.lengthBytes);
    const localIndex = this.#newIndex();
    const keys = createResponse(this.#identity, consumed, {
      bytes: packet.bytes,
      offset: packet.start,
      localIndex,
      random: this.#random,
    });
    this.#guard.accept(consumed.timestamp);
    this.#initiationConsumedMs = nowMs;
    this.#noteReceived(nowMs);
    const { remoteIndex } = consumed;
    this.#keypairs.installAsResponder(
      new Keypair(keys, { localIndex, remoteIndex, isInitiator: false, nowMs }),
    );
    this.#timers.sessionDerived(nowMs);
    this.#sendHandshake(packet, "response", nowMs);
    return "handshake";
  }

  #receiveResponse(bytes: Uint8Array, { start, nowMs }: MessageAt): ReceiveResult {
    const pending = this.#pending!;
    const keys = consumeResponse(this.#identity, pending, { bytes, start });
    if (typeof keys === "string") return keys;
    const remoteIndex = readU32(bytes, start + RESPONSE.sender);
    this.#keypairs.installAsInitiator(
      new Keypair(keys, { localIndex: pending.localIndex, remoteIndex, isInitiator: true, nowMs }),
      { prefersNext: this.#prefersPeersSession },
    );
    this.#noteReceived(nowMs);
    this.#timers.sessionDerived(nowMs);
    const hadStaged = this.#staged.length > 0;
    this.#sessionConfirmed(nowMs);
    // The peer may not use the session before it hears something sent with it.
    if (!hadStaged) this.#sendKeepalive(nowMs);
    return "handshake";
  }

  #receiveCookie(bytes: Uint8Array, { start, nowMs }: MessageAt): ReceiveResult {
    const index = readU32(bytes, start + COOKIE_REPLY.receiver);
    if (this.#pending?.localIndex !== index && this.#keypairs.find(index) === undefined) {
      return "unknown-index";
    }
    return this.#macWriter.consumeCookie(bytes, start, nowMs);
  }

  #noteReceived(nowMs: number): void {
    this.#timers.messageReceived(nowMs);
    this.#stats.lastReceivedMs = nowMs;
  }

  #sessionConfirmed(nowMs: number): void {
    this.#timers.handshakeCompleted();
    this.#dropPending();
    this.#stats.sessions++;
    this.#stats.lastSessionMs = nowMs;
    this.#flushStaged(nowMs);
  }

  #act(action: TimerAction, nowMs: number): void {
    switch (action) {
      case "retransmit":
        return this.#sendInitiation(nowMs);
      case "give-up":
        this.#dropPending();
        return this.#dropStaged("gave-up");
      case "keepalive":
      case "persistent-keepalive":
        return this.#sendKeepalive(nowMs);
      case "new-handshake":
        return this.#wantHandshake(nowMs);
      case "wipe-keys":
        return this.#keypairs.clear();
    }
  }

  #wantHandshake(nowMs: number): void {
    // A callback of the owner may have closed this while a message was being handled.
    if (this.#isClosed) return;
    this.#timers.handshakeWanted(nowMs);
    if (nowMs - this.#handshakeSentMs >= REKEY_TIMEOUT_MS) this.#sendInitiation(nowMs);
    else this.#timers.initiationDeferred(this.#handshakeSentMs);
  }

  #sendInitiation(nowMs: number): void {
    this.#dropPending();
    const packet = this.#takePacket(INITIATION.lengthBytes);
    this.#pending = createInitiation(this.#identity, {
      bytes: packet.bytes,
      offset: packet.start,
      localIndex: this.#newIndex(),
      random: this.#random,
      timestamp: this.#timestamps.next(this.#wallMs()),
    });
    this.#timers.initiationSent(nowMs);
    this.#sendHandshake(packet, "initiation", nowMs);
  }

  #sendHandshake(packet: Packet, kind: "initiation" | "response", nowMs: number): void {
    this.#macWriter.write(packet.bytes, { start: packet.start, end: packet.end, nowMs });
    this.#handshakeSentMs = nowMs;
    this.#timers.messageSent(nowMs);
    this.#sendMessage(packet, kind);
  }

  #sendKeepalive(nowMs: number): void {
    const { current } = this.#keypairs;
    if (current?.canSend(nowMs)) this.#seal(this.#pool.take(), current, nowMs);
    else this.#wantHandshake(nowMs);
  }

  #flushStaged(nowMs: number): void {
    while (this.#staged.length > 0) {
      const { current } = this.#keypairs;
      if (!current?.canSend(nowMs)) return;
      this.#seal(this.#staged.shift()!, current, nowMs);
    }
  }

  #seal(packet: Packet, keypair: Keypair, nowMs: number): void {
    const { lenBytes } = packet;
    sealPacket(packet, keypair, this.#mtuBytes);
    if (lenBytes > 0) this.#timers.dataSent(nowMs);
    this.#timers.messageSent(nowMs);
    this.#stats.sentBytes += lenBytes;
    this.#sendMessage(packet, lenBytes > 0 ? "data" : "keepalive");
    if (keypair.wantsRekeyAfterSend(nowMs)) this.#wantHandshake(nowMs);
  }

  #sendMessage(packet: Packet, kind: SentKind): void {
    this.#stats.sent[kind]++;
    this.#emit(packet);
  }

  #takePacket(lengthBytes: number): Packet {
    const packet = this.#pool.take();
    packet.end = packet.start + lengthBytes;
    return packet;
  }

  #dropOutgoing(packet: Packet, reason: SendDropReason): void {
    this.#stats.sendDropped[reason]++;
    this.#pool.give(packet);
  }

  #dropStaged(reason: SendDropReason): void {
    for (const packet of this.#staged) this.#dropOutgoing(packet, reason);
    this.#staged.length = 0;
  }

  #dropPending(): void {
    if (this.#pending !== undefined) wipePending(this.#pending);
    this.#pending = undefined;
  }

  /** An index that names nothing else; with four alive a second draw is next to never needed. */
  #newIndex(): number {
    for (;;) {
      const index = randomU32(this.#random);
      if (this.#pending?.localIndex !== index && this.#keypairs.find(index) === undefined) {
        return index;
      }
    }
  }
}
