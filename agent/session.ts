import { encodeHex } from "../core/bytes/mod.ts";
import type { ControlMessage, SessionRequest } from "../core/control/mod.ts";
import type { HubSocket } from "../core/path/mod.ts";
import { parseKey } from "../core/wireguard/mod.ts";
import type { MachineConfig } from "./config.ts";
import { Deadline } from "./deadline.ts";
import { Forwarder } from "./forwarder.ts";
import { CAPABILITIES } from "./register.ts";
import { reasonOf, type SessionTunnel, type Surroundings } from "./surroundings.ts";

/** Spec: wire.md 3.2 */
const SIGNALLING_TIMEOUT_MS = 30_000;

/** Tunnel addresses have room for no more. Spec: wire.md 3.3 */
export const MAX_SESSION_IDX = 254;

/** Spec: wire.md 1.5 */
const POLICY_VIOLATION = 1008;

/** Options of {@linkcode runSession}. */
export interface SessionOptions {
  /** URL of the hub. */
  hub: string;
  /** The machine the client asked for. */
  machine: MachineConfig;
  /** Largest IP packet sent, in bytes. */
  mtuBytes: number;
  /** What the hub asks for. */
  request: SessionRequest;
  /** Clock, log, and how the rest is reached. */
  surroundings: Surroundings;
  /** Ends the session. */
  signal: AbortSignal;
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

/** Opens the tunnel behind the signalling; a string is the reason why there is none. */
async function join(
  options: SessionOptions,
  { socket, deadline }: { socket: HubSocket; deadline: Deadline },
): Promise<SessionTunnel | string> {
  const { machine, request, mtuBytes, surroundings } = options;
  socket.send({ type: "session-join", machineId: machine.name, sessionId: request.sessionId });
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
  const { privateKey, publicKey } = surroundings.newKeys();
  // Before the tunnel, whose first frame a client can use only once it has the key.
  socket.send({
    type: "wg-pubkey",
    wgPubKey: encodeHex(publicKey),
    ports: [...machine.ports],
    capabilities: CAPABILITIES,
  });
  return surroundings.openTunnel({ sessionIdx, privateKey, peerPublicKey, socket, mtuBytes });
}

/** Forwards the machine's ports through the tunnel until it has ended; gives the reason. */
async function serve(tunnel: SessionTunnel, options: SessionOptions): Promise<string> {
  const { machine, surroundings, signal } = options;
  const forwarder = new Forwarder({ target: machine.target, surroundings });
  const onAbort = () => tunnel.close();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (const port of machine.ports) {
      try {
        forwarder.serve(tunnel.listen({ port }), port);
      } catch (error) {
        surroundings.log(`cannot listen on port ${port} in the tunnel: ${reasonOf(error)}`);
      }
    }
    if (signal.aborted) tunnel.close();
    const reason = await tunnel.closed;
    return signal.aborted ? reasonOf(signal.reason) : reason;
  } finally {
    signal.removeEventListener("abort", onAbort);
    tunnel.close();
    await forwarder.close();
  }
}

/**
 * Serves one client from its request to its end: a socket and keys of its own, a tunnel, forwarding.
 * Resolves with the reason of the end once nothing is left open.
 *
 * Spec: agent.md 2 (Sessions), wire.md 3
 *
 * @throws {Error} if the hub cannot be dialled, or does not start the session in time
 */
export async function runSession(options: SessionOptions): Promise<string> {
  const { hub, surroundings, signal } = options;
  using deadline = new Deadline({
    clock: surroundings.clock,
    timeoutMs: SIGNALLING_TIMEOUT_MS,
    message: `the hub did not start the session within ${SIGNALLING_TIMEOUT_MS / 1000} s`,
    parent: signal,
  });
  const socket = await surroundings.dialHub({ url: hub, signal: deadline.signal });
  const onAbort = () => socket.close();
  deadline.signal.addEventListener("abort", onAbort, { once: true });
  try {
    deadline.signal.throwIfAborted();
    const joined = await join(options, { socket, deadline });
    if (typeof joined === "string") return joined;
    surroundings.log("tunnel open");
    return await serve(joined, options);
  } finally {
    deadline.signal.removeEventListener("abort", onAbort);
    socket.close();
  }
}
