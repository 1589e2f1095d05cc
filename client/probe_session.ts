import { HubSocket } from "../core/path/mod.ts";
import type { ClientDeps } from "./deps.ts";
import type { NamedServer, SessionAttempt, Target } from "./explain/mod.ts";
import { requestSession, SessionError, type SignallingSocket } from "./session.ts";

/** Where the hub has offered UDP with the session; null if it has not. */
function offeredUdp(socket: SignallingSocket): NamedServer | null {
  const offers: NamedServer[] = [];
  if (socket instanceof HubSocket) {
    // An offer that came before is handed over at once.
    socket.attach({
      frame() {},
      batchEnd() {},
      offer: ({ host = "", port }) => void offers.push({ host, port }),
    });
  }
  return offers[0] ?? null;
}

/** Makes a session with the target's machine and ends it at once, for `tela explain`. */
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
    const udp = offeredUdp(socket);
    socket.close(1000, "explained");
    return { state: "up", udp };
  } catch (error) {
    const denied = error instanceof SessionError &&
      (error.code === "access-denied" || error.code === "invalid-token");
    const message = error instanceof Error ? error.message : String(error);
    return { state: denied ? "denied" : "failed", message };
  }
}
