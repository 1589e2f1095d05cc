import type { PeerCandidates, PeerEndpoint } from "../control/mod.ts";
import type { Endpoint } from "../endpoint/mod.ts";
import { readRelayFrame, RELAY_HEADER_BYTES } from "../relay/mod.ts";
import { looksLikeStun, type NatMapping } from "../stun/mod.ts";
import { type AdmissionOptions, admit, type Refusals, refuse } from "./admission.ts";
import { Attempt } from "./attempt.ts";
import { Budget } from "./budget.ts";
import { Doubt } from "./doubt.ts";
import { Gathering } from "./gathering.ts";
import { ownCandidates } from "./local.ts";
import type { DirectLoss, DirectOptions, DirectSink, DirectVerdict } from "./options.ts";
import { Retry } from "./retry.ts";
import { PUNCH } from "./specification.ts";
import {
  ANNOUNCE_BURST,
  ANNOUNCEMENTS_PER_SECOND,
  ANSWER_BURST,
  BETTER_BY_MS,
  BETTER_SHARE,
  MAX_CANDIDATES,
  MIN_RESTART_MS,
  SHOT_BURST,
  SHOTS_PER_SECOND,
  STABLE_MS,
} from "./tuning.ts";

interface Remote {
  readonly endpoint: Endpoint;
  readonly sinceMs: number;
  rttMs: number | undefined;
}

/**
 * Finds and keeps the direct path of one tunnel, without I/O: what to announce, whom to probe, when
 * an address counts as reached and when it is left. Traffic moves only after a round trip sealed by
 * WireGuard, or, from a reference peer, an authentic message that came directly; so no one who
 * believes in a direct path talks into a hole.
 *
 * Spec: wire.md 5.4, 5.5
 */
export class DirectEngine {
  /** Addresses that the peer named and we do not try, by reason. */
  readonly refusals: Refusals = {};
  readonly #options: DirectOptions;
  readonly #sink: DirectSink;
  readonly #gathering: Gathering;
  readonly #retry: Retry;
  readonly #shots = new Budget({ burst: SHOT_BURST, perSecond: SHOTS_PER_SECOND });
  readonly #punchAnswers = new Budget({ burst: ANSWER_BURST, perSecond: SHOTS_PER_SECOND });
  readonly #announcements = new Budget({
    burst: ANNOUNCE_BURST,
    perSecond: ANNOUNCEMENTS_PER_SECOND,
  });
  #peer: "ours" | "reference" | undefined;
  #hosts: readonly Endpoint[] = [];
  #named: readonly string[] = [];
  #announced = "";
  #announcedMs = -Infinity;
  #attempt: Attempt | undefined;
  #startedMs = -Infinity;
  #remote: Remote | undefined;
  #doubt: Doubt | undefined;
  /** The last address other than the remote that answered. */
  #other: Remote | undefined;
  /** The last remote that was left: it may come back. */
  #last: Endpoint | undefined;
  /** Where the client was heard from outside an attempt: the agent goes there once it answers. */
  #follow: Endpoint | undefined;

  /** Makes an engine that does nothing until it has a socket and a peer. */
  constructor(options: DirectOptions) {
    this.#options = options;
    this.#sink = options.sink;
    this.#retry = new Retry(options.random);
    this.#gathering = new Gathering({
      servers: options.stunServers,
      random: options.random,
      send: (bytes, to) => this.#sink.send(bytes, to),
    });
  }

  /** Where packets go directly, or `undefined` while they must not. */
  get remote(): Endpoint | undefined {
    return this.#remote?.endpoint;
  }

  /** Whether the peer is being looked for at the moment. */
  get isTrying(): boolean {
    return this.#attempt !== undefined;
  }

  /** Our endpoints as STUN servers see them. */
  get mapped(): readonly Endpoint[] {
    return this.#gathering.mapped;
  }

  /** What is known about the NAT before us. */
  get nat(): NatMapping {
    return this.#gathering.nat(this.#hosts);
  }

  /** When {@linkcode DirectEngine.tick} is due next; to be asked anew after every call. */
  nextDeadlineMs(): number {
    return Math.min(
      this.#gathering.nextDeadlineMs(),
      this.#attempt?.nextDeadlineMs() ?? Infinity,
      this.#doubt?.nextDeadlineMs() ?? Infinity,
      this.#retry.atMs,
    );
  }

  /**
   * WireGuard has keys, the hub carries messages to the peer, and it is known whose the peer is: what
   * was said before is acted upon now. A peer that turns out to be ours after all is started again.
   */
  start(peer: "ours" | "reference", nowMs: number): void {
    this.#peer = peer;
    this.#begin(nowMs, { announce: true });
  }

  /** The sockets are bound, or the addresses of the host are others; empty if UDP is not to be had. */
  setLocal(hosts: readonly Endpoint[], nowMs: number): void {
    const isSame = hosts.length === this.#hosts.length &&
      hosts.every(({ text }, i) => text === this.#hosts[i]!.text);
    if (isSame) return;
    this.#hosts = hosts;
    if (hosts.length === 0) this.#rest();
    if (this.#remote !== undefined && (hosts.length === 0 || this.#peer === "reference")) {
      this.#down("our addresses changed", nowMs);
    }
    this.refresh(nowMs);
  }

  /** The machine slept, the network changed or the hub was lost in between: nothing known holds. */
  refresh(nowMs: number): void {
    this.#retry.forget();
    if (this.#hosts.length === 0) return;
    this.#gathering.ask(this.#hosts, { nowMs, fresh: true });
    this.#doubtRemote(nowMs);
    this.#begin(nowMs, { announce: true });
  }

  /** A `peer-endpoint` came: kept until there is a socket. Spec: wire.md 5.5 */
  peerEndpoint(text: string, nowMs: number): void {
    const isNews = text !== this.#named[0];
    this.#named = [text];
    if (this.#peer !== "reference") return;
    // Ours may have come before the peer's UDP worked, and been ignored for good. A peer that repeats
    // itself is not answered in kind, or two of us would never stop.
    this.#beginOnWord(nowMs, { announce: isNews || nowMs - this.#announcedMs >= MIN_RESTART_MS });
  }

  /** A `peer-candidates` came, only between our own peers: kept until there is a socket. */
  peerCandidates(texts: readonly string[], nowMs: number): void {
    this.#named = texts.slice(0, 2 * MAX_CANDIDATES);
    if (this.#peer !== "ours") return;
    // A peer that announces has a reason: it may have lost us.
    this.#doubtRemote(nowMs);
    this.#beginOnWord(nowMs, { announce: false });
  }

  /**
   * Takes a datagram, borrowed, that did not come from the hub's relay. "frame": it is a relay frame,
   * to be given to WireGuard whatever its source; if authentic, to be reported as `authenticated`.
   *
   * Spec: wire.md 5.5
   */
  receive(
    bytes: Uint8Array,
    { source, nowMs }: { source: Endpoint; nowMs: number },
  ): DirectVerdict {
    if (looksLikeStun(bytes)) {
      if (this.#gathering.receive(bytes, { source, nowMs }) !== true) return "unwanted-stun";
      this.#announce(nowMs, { force: false });
      return "stun";
    }
    if (bytes.length === PUNCH.length && PUNCH.every((byte, i) => bytes[i] === byte)) {
      return this.#onPunch(source, nowMs);
    }
    const kind = readRelayFrame(bytes, 0, bytes.length);
    const isFrame = (kind === "data" || kind === "control") && bytes.length > RELAY_HEADER_BYTES;
    return isFrame ? "frame" : "bad-frame";
  }

  /** WireGuard found a message authentic that came directly from `source`. */
  authenticated(source: Endpoint, nowMs: number): void {
    if (this.#peer === undefined || source.text === this.#remote?.endpoint.text) return;
    // A reference peer sends directly only to where it also listens, and may answer no question.
    if (this.#peer === "reference") return this.#up(source, { nowMs });
    if (this.#attempt === undefined) {
      this.#follow = source;
      this.#doubtRemote(nowMs);
      this.#attempt = new Attempt("probes", nowMs);
    }
    this.#attempt.addHeard(source, nowMs);
    this.#fire(nowMs);
  }

  /** A probe sent to `to` was answered directly. `rttMs`: the round trip, if it is known. */
  answered(to: Endpoint, { nowMs, rttMs }: { nowMs: number; rttMs?: number | undefined }): void {
    const current = this.#remote;
    const isCurrent = to.text === current?.endpoint.text;
    if (!isCurrent && !this.#attempt?.has(to)) return;
    if (this.#peer === "ours") this.#attempt?.settle(to);
    if (current === undefined) return this.#up(to, { nowMs, rttMs });
    if (isCurrent) return this.#onRemoteAnswer(current, { nowMs, rttMs });
    this.#other = { endpoint: to, sinceMs: nowMs, rttMs };
    const followed = this.#options.role === "agent" && this.#follow?.text === to.text;
    if (followed) this.#up(to, { nowMs, rttMs });
    // A first answer is often late, as programs warm up: the comparison wants another.
    else if (this.#isBetter(rttMs, current.rttMs)) this.#doubtRemote(nowMs);
  }

  /** The owner's own watch over the path in use found it dead. */
  died(nowMs: number): void {
    if (this.#remote !== undefined) this.#down("silence", nowMs);
  }

  /** The system refused to send to `to`. */
  sendFailed(to: Endpoint, nowMs: number): void {
    if (to.text === this.#remote?.endpoint.text) this.#down("send error", nowMs);
  }

  /** Does what is due. */
  tick(nowMs: number): void {
    this.#gathering.tick(nowMs);
    this.#fire(nowMs);
    this.#question(nowMs);
    if (this.#attempt?.isOver(nowMs)) {
      this.#attempt = this.#follow = undefined;
      if (this.#remote === undefined) this.#retry.failed(nowMs);
    }
    if (nowMs >= this.#retry.atMs) this.#begin(nowMs, { announce: this.#retry.announces });
  }

  #begin(nowMs: number, { announce }: { announce: boolean }): void {
    this.#retry.begin();
    if (this.#peer === undefined || this.#hosts.length === 0) return;
    this.#startedMs = nowMs;
    this.#gathering.ask(this.#hosts, { nowMs, fresh: false });
    this.#attempt = new Attempt(this.#peer === "ours" ? "probes" : "punches", nowMs);
    this.#addNamed(nowMs);
    if (this.#last !== undefined) this.#attempt.addHeard(this.#last, nowMs);
    this.#announce(nowMs, { force: announce });
    this.#fire(nowMs);
  }

  /** The peer said something: tries what is new, but begins anew only so often. */
  #beginOnWord(nowMs: number, { announce }: { announce: boolean }): void {
    const soonestMs = this.#startedMs + MIN_RESTART_MS;
    if (this.#attempt === undefined) {
      if (nowMs >= soonestMs) return this.#begin(nowMs, { announce });
      if (announce) this.#announce(nowMs, { force: true });
      return this.#retry.notLaterThan(soonestMs, { announce });
    }
    this.#addNamed(nowMs);
    if (announce) this.#announce(nowMs, { force: true });
    this.#fire(nowMs);
  }

  #rest(): void {
    this.#gathering.stop();
    this.#attempt = this.#follow = undefined;
    this.#retry.begin();
  }

  #admission(): AdmissionOptions {
    const { hub, stunServers, allowLoopback } = this.#options;
    return {
      local: [...this.#hosts, ...this.mapped],
      forbidden: [...hub, ...stunServers],
      allowLoopback,
    };
  }

  #addNamed(nowMs: number): void {
    const endpoints = admit(this.#named, { ...this.#admission(), refusals: this.refusals });
    // The remote is doubted by other means; but a reference peer follows punches to where we are now.
    const remote = this.#peer === "ours" ? this.#remote?.endpoint.text : undefined;
    for (const endpoint of endpoints) {
      if (endpoint.text !== remote) this.#attempt?.add(endpoint, nowMs);
    }
  }

  /** Tells the peer where we are, if it is something new or `force` wants it. */
  #announce(nowMs: number, { force }: { force: boolean }): void {
    const message = this.#peer === "ours" ? this.#candidates() : this.#endpoint();
    if (this.#peer === undefined || message === undefined) return;
    const text = JSON.stringify(message);
    const isDue = force || text !== this.#announced;
    if (!isDue || !this.#announcements.take(nowMs)) return;
    this.#announced = text;
    this.#announcedMs = nowMs;
    this.#sink.announce(message);
  }

  #candidates(): PeerCandidates | undefined {
    const candidates = ownCandidates(this.#hosts, this.mapped).map(({ text }) => text);
    return candidates.length === 0 ? undefined : { type: "peer-candidates", candidates };
  }

  #endpoint(): PeerEndpoint | undefined {
    const mapped = this.mapped.find(({ address }) => address.length === 4);
    return mapped && { type: "peer-endpoint", message: mapped.text };
  }

  #fire(nowMs: number): void {
    for (const { to, punch, probe } of this.#attempt?.due(nowMs) ?? []) {
      if (!this.#shots.take(nowMs)) return;
      if (punch) this.#sink.send(PUNCH.slice(), to);
      if (probe) this.#sink.probe(to);
    }
  }

  /** Answers a punch in kind, so that a peer that starts late hears one too. Spec: wire.md 5.5 */
  #onPunch(source: Endpoint, nowMs: number): DirectVerdict {
    const isWanted = this.#peer === "reference" && refuse(source, this.#admission()) === undefined;
    if (!isWanted) return "unwanted-punch";
    if (this.#punchAnswers.take(nowMs)) this.#sink.send(PUNCH.slice(), source);
    if (this.#remote !== undefined) return "punch";
    const mayBegin = nowMs >= this.#startedMs + MIN_RESTART_MS;
    if (this.#attempt === undefined && mayBegin) this.#begin(nowMs, { announce: false });
    this.#attempt?.addHeard(source, nowMs);
    this.#fire(nowMs);
    return "punch";
  }

  #onRemoteAnswer(
    remote: Remote,
    { nowMs, rttMs = Infinity }: { nowMs: number; rttMs?: number | undefined },
  ): void {
    remote.rttMs = Math.min(rttMs, remote.rttMs ?? Infinity);
    const [doubt, other] = [this.#doubt, this.#other];
    this.#doubt = undefined;
    if (doubt === undefined || other === undefined || other.sinceMs < doubt.sinceMs) return;
    if (!this.#isBetter(other.rttMs, remote.rttMs)) return;
    this.#up(other.endpoint, { nowMs, rttMs: other.rttMs });
  }

  #isBetter(rttMs: number | undefined, currentMs: number | undefined): boolean {
    if (rttMs === undefined || currentMs === undefined) return false;
    return rttMs < BETTER_SHARE * currentMs && currentMs - rttMs >= BETTER_BY_MS;
  }

  #doubtRemote(nowMs: number): void {
    if (this.#peer !== "ours" || this.#remote === undefined || this.#doubt !== undefined) return;
    this.#doubt = new Doubt(nowMs, this.#remote.rttMs ?? 0);
    this.#question(nowMs);
  }

  #question(nowMs: number): void {
    const [doubt, remote] = [this.#doubt, this.#remote];
    if (doubt === undefined || remote === undefined) return;
    const action = doubt.poll(nowMs);
    if (action === "probe") this.#sink.probe(remote.endpoint);
    if (action !== "leave") return;
    const other = this.#other;
    if (other === undefined || other.sinceMs < doubt.sinceMs) return this.#down("no answer", nowMs);
    this.#up(other.endpoint, { nowMs, rttMs: other.rttMs });
  }

  #up(endpoint: Endpoint, { nowMs, rttMs }: { nowMs: number; rttMs?: number | undefined }): void {
    const sinceMs = this.#remote?.sinceMs ?? nowMs;
    this.#remote = { endpoint, sinceMs, rttMs };
    this.#doubt = this.#other = undefined;
    this.#retry.begin();
    this.#sink.up(endpoint);
  }

  #down(reason: DirectLoss, nowMs: number): void {
    const { endpoint, sinceMs } = this.#remote!;
    if (nowMs - sinceMs >= STABLE_MS) this.#retry.forget();
    this.#last = endpoint;
    this.#remote = this.#doubt = this.#other = undefined;
    this.#retry.lost(nowMs);
    this.#sink.down(reason);
  }
}
