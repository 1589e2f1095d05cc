/**
 * The program `telad`: offers services of this machine through a hub.
 *
 * @module
 */

import { runMain } from "../core/cli/mod.ts";
import { systemClock, systemRandom } from "../core/clock/mod.ts";
import { Tunnel } from "../core/tunnel/mod.ts";
import { type SessionTunnelOptions, systemProcess, telad } from "./mod.ts";

function openTunnel({ socket, ...options }: SessionTunnelOptions): Tunnel {
  const tunnel = new Tunnel({
    role: "agent",
    ...options,
    clock: systemClock,
    random: systemRandom,
    handler: { waiting: (reason) => tunnel.end(reason) },
  });
  tunnel.attach(socket);
  return tunnel;
}

if (import.meta.main) await runMain(telad(systemProcess(openTunnel)));
