import type { ControlMessage, SessionRequest } from "../core/control/mod.ts";
import type { HubSocket } from "../core/path/mod.ts";
import { parseKey } from "../core/wireguard/mod.ts";
import { Deadline } from "./deadline.ts";
import type { Surroundings } from "./surroundings.ts";

/** Spec: wire.md 3.2 */
const SIGNALLING_TIMEOUT_MS = 30_000;

/** Tunnel addresses have room for no more. Spec: wire.md 3.3 */
export const MAX_SESSION_IDX = 254;

/** Spec: wire.md 1.5 */
const POLICY_VIOLATION = 1008;

/** Options of {@linkcode joinSession}. */
export interface JoinOptions {
  /** URL of the hub. */
  hub: string;
  /** Name of the machine. */
  machine: string;
  /** What the hub asks for. */
  request: SessionRequest;
  /** How long the hub is to relay by UDP while a socket of the session is gone, in ms. */
  graceMs: number;
  /** Clock, and how the hub is dialled. */
  surroundings: Surroundings;
  /** Gives it up. */
  signal: AbortSignal;
}

/** A socket that the hub has paired with a client's. */
export interface JoinedSession {
  /** To be taken by who answers the client. */
  readonly socket: HubSocket;
  /** 1 to 254. */
  readonly sessionIdx: number;
  /** The client's X25519 key, 32 bytes. */
  readonly peerPublicKey: Uint8Array;
}

/** What the hub sent instead of `session-start`, for the log. */
async function refusalOf(socket: HubSocket, message: ControlMessage | undefined): Promise<string> {
  if (message?.type === "error") return `the hub refused: ${message.message}`;
  if (message !== undefined) return `the hub sent ${message.type} instead of session-start`;
  const { code, reason } = await socket.closed;
  return `the hub closed the socket (${code}${reason && ` ${reason}`})`;
}

/** Closes with a reason, and gives the hub the time to read it. */
async function leave(socket: HubSocket, reason: string): Promise<void> {
  socket.close(POLICY_VIOLATION, reason);
  await socket.closed;
}

async function signal(
  { machine, request, graceMs }: JoinOptions,
  { socket, deadline }: { socket: HubSocket; deadline: Deadline },
): Promise<JoinedSession | string> {
  const { sessionId } = request;
  socket.send({
    type: "session-join",
    machineId: machine,
    sessionId,
    ...(graceMs > 0 && { udpGrace: graceMs / 1000 }),
  });
  const start = await socket.next();
  deadline.signal.throwIfAborted();
  if (start?.type !== "session-start") return await refusalOf(socket, start);
  deadline.meet();
  const sessionIdx = Math.max(1, request.sessionIdx);
  if (sessionIdx > MAX_SESSION_IDX) {
    await leave(socket, "session limit exceeded");
    return `session index ${sessionIdx} is over ${MAX_SESSION_IDX}`;
  }
  const peerPublicKey = parseKey(request.wgPubKey || (start.wgPubKey ?? ""));
  if (peerPublicKey === undefined) {
    await leave(socket, "malformed client key");
    return "the client's key is not 64 hexadecimal digits";
  }
  return { socket, sessionIdx, peerPublicKey };
}

/**
 * Dials the hub for one client that waits there; a string is the reason why there is no session, and
 * nothing is left open then.
 *
 * Spec: agent.md 2 (Sessions), wire.md 3
 *
 * @throws {Error} if the hub cannot be dialled, or does not start the session in time
 */
export async function joinSession(options: JoinOptions): Promise<JoinedSession | string> {
  const { hub, surroundings } = options;
  using deadline = new Deadline({
    clock: surroundings.clock,
    timeoutMs: SIGNALLING_TIMEOUT_MS,
    message: `the hub did not start the session within ${SIGNALLING_TIMEOUT_MS / 1000} s`,
    parent: options.signal,
  });
  const socket = await surroundings.dialHub({ url: hub, signal: deadline.signal });
  const onAbort = () => socket.close();
  deadline.signal.addEventListener("abort", onAbort, { once: true });
  let joined: JoinedSession | string | undefined;
  try {
    deadline.signal.throwIfAborted();
    joined = await signal(options, { socket, deadline });
    return joined;
  } finally {
    deadline.signal.removeEventListener("abort", onAbort);
    if (typeof joined !== "object") socket.close();
  }
}
