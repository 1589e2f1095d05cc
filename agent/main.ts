/**
 * The program `telad`: offers services of this machine through a hub.
 *
 * @module
 */

import { runMain } from "../core/cli/mod.ts";
import { systemClock, systemRandom } from "../core/clock/mod.ts";
import { systemUdp } from "../core/path/mod.ts";
import { Tunnel } from "../core/tunnel/mod.ts";
import { type SessionTunnelOptions, systemProcess, telad } from "./mod.ts";

function openTunnel(options: SessionTunnelOptions): Tunnel {
  return new Tunnel({
    role: "agent",
    ...options,
    udp: systemUdp,
    clock: systemClock,
    random: systemRandom,
  });
}

if (import.meta.main) await runMain(telad(systemProcess(openTunnel)));
