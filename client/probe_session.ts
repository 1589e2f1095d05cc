import type { ClientDeps } from "./deps.ts";
import type { SessionAttempt, Target } from "./explain/mod.ts";
import { requestSession, SessionError } from "./session.ts";

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
    socket.close(1000, "explained");
    return { state: "up" };
  } catch (error) {
    const denied = error instanceof SessionError &&
      (error.code === "access-denied" || error.code === "invalid-token");
    const message = error instanceof Error ? error.message : String(error);
    return { state: denied ? "denied" : "failed", message };
  }
}
