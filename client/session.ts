import { encodeHex } from "../core/bytes/mod.ts";
import type { Clock } from "../core/clock/mod.ts";
import type { ControlMessage, PeerHello, WgPubkey } from "../core/control/mod.ts";
import { clientHello } from "../core/identity/mod.ts";
import { parseKey } from "../core/wireguard/mod.ts";

/** The hub gives an agent 30 s to join; half as much again is for the agent's key. */
const SIGNALLING_TIMEOUT_MS = 45_000;

/** Why a session did not come up. `invalid-token` will not change by itself. */
export type SessionErrorCode =
  | "access-denied"
  | "bad-identity"
  | "bad-peer-key"
  | "closed"
  | "identity-changed"
  | "invalid-token"
  | "not-found"
  | "refused"
  | "timed-out"
  | "unverified";

/** A session did not come up; the message says why and what to do. */
export class SessionError extends Error {
  /** The name of the class. */
  override readonly name: string = "SessionError";
  /** Kind of failure. */
  readonly code: SessionErrorCode;

  /** Makes an error. */
  constructor(code: SessionErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The part of a hub's socket that signalling uses. */
export interface SignallingSocket {
  /** Sends a control message. */
  send(message: ControlMessage): void;
  /** The next control message; undefined once the socket has ended. */
  next(): Promise<ControlMessage | undefined>;
  /** Ends the socket. */
  close(code?: number, reason?: string): void;
  /** Resolves when the socket has ended. */
  readonly closed: Promise<{ code: number; reason: string }>;
}

/** What a client asks a hub for. */
export interface SessionRequestOptions {
  /** Name of the machine. */
  machine: string;
  /** Secret that the hub knows the client by; "" if none. */
  token: string;
  /** Ports of the machine that are wanted: a hint for the hub's history. */
  ports: readonly number[];
  /** Our keys of the session; the same as before to go on with it by another socket. */
  keys: SessionKeys;
  /** What we offer to an agent of ours. */
  features: readonly string[];
  /** How long the hub is to relay by UDP while a socket of the session is gone, in ms. Default: 0. */
  graceMs?: number;
  /** Times the signalling. */
  clock: Clock;
  /** Gives it up; the socket is then closed. */
  signal: AbortSignal;
}

/** A key pair of one session. */
export interface SessionKeys {
  /** X25519 private key, 32 bytes. */
  readonly privateKey: Uint8Array;
  /** X25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** What both ends have agreed on. */
export interface SessionGrant {
  /** 1 to 254; selects the tunnel addresses. */
  readonly sessionIdx: number;
  /** The agent's X25519 public key, 32 bytes. */
  readonly peerPublicKey: Uint8Array;
  /** Ports that the agent listens on inside the tunnel. */
  readonly ports: readonly number[];
  /** What an agent of ours has said of itself; absent from a reference agent. Not verified yet. */
  readonly hello?: PeerHello;
}

/** Turns the text of a hub's refusal into an error. Spec: client.md 2.4, wire.md 2.6 */
function refusal(text: string, machine: string): SessionError {
  if (/invalid token/i.test(text)) {
    return new SessionError(
      "invalid-token",
      `Invalid token for machine "${machine}": check TELA_TOKEN or -token`,
    );
  }
  if (/access denied/i.test(text)) {
    return new SessionError(
      "access-denied",
      `Access denied to machine "${machine}": check the token and its connect permission`,
    );
  }
  if (/not found/i.test(text)) {
    return new SessionError(
      "not-found",
      `Machine "${machine}" not found: its agent is offline, or the name is misspelt; ` +
        "tela machines lists them",
    );
  }
  return new SessionError("refused", `Hub refused the session: ${text}`);
}

function clampIndex(sessionIdx: number): number {
  return Math.min(Math.max(sessionIdx, 1), 254);
}

/** What the agent has sent, as far as it has come. */
interface AgentAnswer {
  readonly peerPublicKey: Uint8Array;
  readonly ports: readonly number[];
  /** Whether a hello is on its way. */
  readonly announcesHello: boolean;
}

function readAnswer({ wgPubKey, ports, capabilities }: WgPubkey, machine: string): AgentAnswer {
  const peerPublicKey = parseKey(wgPubKey);
  if (peerPublicKey === undefined) {
    const rule = "must be 64 hexadecimal digits";
    throw new SessionError("bad-peer-key", `Agent of "${machine}" sent a malformed key: ${rule}`);
  }
  const announcesHello = typeof capabilities?.identity === "string";
  return { peerPublicKey, ports: ports ?? [], announcesHello };
}

/** Reads messages until all parts of a grant have come, in any order. */
async function awaitGrant(socket: SignallingSocket, machine: string): Promise<SessionGrant> {
  let sessionIdx: number | undefined;
  let answer: AgentAnswer | undefined;
  let hello: PeerHello | undefined;
  for (;;) {
    const message = await socket.next();
    if (message === undefined) {
      const { code, reason } = await socket.closed;
      const why = reason === "" ? `code ${code}` : reason;
      throw new SessionError(
        "closed",
        `Hub closed the connection before the session was up: ${why}`,
      );
    }
    if (message.type === "error") throw refusal(message.message, machine);
    if (message.type === "ready") sessionIdx = clampIndex(message.sessionIdx);
    if (message.type === "peer-hello") hello = message;
    if (message.type === "wg-pubkey") answer = readAnswer(message, machine);
    if (sessionIdx === undefined || answer === undefined) continue;
    if (answer.announcesHello && hello === undefined) continue;
    const { peerPublicKey, ports } = answer;
    return { sessionIdx, peerPublicKey, ports, ...(hello && { hello }) };
  }
}

/**
 * Asks the hub for a session with a machine and waits until the agent has joined. Borrows the socket,
 * which is closed if this fails.
 *
 * Deviation: the reference waits for ever; this gives up after 45 s.
 *
 * Spec: client.md 2.3, wire.md 2.3, 2.4, 3.1
 *
 * @throws {SessionError} if the hub refuses, closes or stays silent, or the agent's key is malformed
 * @throws the signal's reason if aborted
 */
export async function requestSession(
  socket: SignallingSocket,
  { machine, token, ports, keys, features, graceMs = 0, clock, signal }: SessionRequestOptions,
): Promise<SessionGrant> {
  let timedOut = false;
  const timer = clock.setTimer(() => {
    timedOut = true;
    socket.close(1000, "no answer");
  }, SIGNALLING_TIMEOUT_MS);
  const onAbort = () => socket.close(1000, "client left");
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    socket.send({
      type: "connect",
      protocolVersion: 1,
      machineId: machine,
      wgPubKey: encodeHex(keys.publicKey),
      ...(token === "" ? {} : { token }),
      ...(ports.length === 0 ? {} : { ports: [...ports] }),
      ...(graceMs > 0 && { udpGrace: graceMs / 1000 }),
    });
    const grant = await awaitGrant(socket, machine);
    if (grant.hello !== undefined) socket.send(clientHello(features));
    return grant;
  } catch (error) {
    socket.close(1000, "session not set up");
    signal.throwIfAborted();
    if (!timedOut) throw error;
    throw new SessionError("timed-out", `Agent of "${machine}" did not answer within 45 s`);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}
