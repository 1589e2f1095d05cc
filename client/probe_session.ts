import { decodeHex } from "../core/bytes/mod.ts";
import { HubSocket } from "../core/path/mod.ts";
import type { ClientDeps } from "./deps.ts";
import type { OfferedRelay, SessionAttempt, Target } from "./explain/mod.ts";
import { requestSession, SessionError, type SignallingSocket } from "./session.ts";

/** Spec: wire.md 5.1 */
const RELAY_TOKEN_BYTES = 8;

/** Where the hub has offered UDP with the session; null if it has not. */
function offeredUdp(socket: SignallingSocket): OfferedRelay | null {
  const offers: OfferedRelay[] = [];
  if (socket instanceof HubSocket) {
    // An offer that came before is handed over at once.
    socket.attach({
      frame() {},
      batchEnd() {},
      offer: ({ host = "", port, token }) => {
        const bytes = decodeHex(token);
        if (bytes?.length === RELAY_TOKEN_BYTES) offers.push({ host, port, token: bytes });
      },
    });
  }
  return offers[0] ?? null;
}

/** Makes a session with the target's machine for `tela explain`, which ends it. */
export async function probeSession(
  { hub, machine = "", token }: Target,
  { deps, signal }: { deps: ClientDeps; signal: AbortSignal },
): Promise<SessionAttempt> {
  const { dialHub, makeKeys, clock } = deps;
  try {
    const socket = await dialHub(hub.wsUrl, signal);
    const keys = makeKeys();
    const asked = { machine, token, ports: [], keys, features: [], clock, signal };
    await requestSession(socket, asked);
    const end = () => socket.close(1000, "explained");
    if (signal.aborted) end();
    return { state: "up", udp: offeredUdp(socket), end };
  } catch (error) {
    const denied = error instanceof SessionError &&
      (error.code === "access-denied" || error.code === "invalid-token");
    const message = error instanceof Error ? error.message : String(error);
    return { state: denied ? "denied" : "failed", message };
  }
}
