import type { TunnelStatus } from "../../core/tunnel/mod.ts";
import type { Fabric } from "./fabric.ts";
import { fetchLocal } from "./http.ts";
import { until } from "./until.ts";

/**
 * The tunnel of the fabric's client as its control API has it; undefined before there is one.
 *
 * @throws {Error} with the client's last lines if it has ended
 */
export async function clientTunnel(fabric: Fabric): Promise<TunnelStatus | undefined> {
  const { client } = fabric;
  if (client.status !== undefined) {
    throw new Error(`Cannot ask the client: it has ended\n  ${client.tail(20).join("\n  ")}`);
  }
  const file = `${fabric.home("client")}/.tela/run/control.json`;
  const { port, token } = JSON.parse(await Deno.readTextFile(file));
  const response = await fetchLocal(`http://127.0.0.1:${port}/status`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { connections } = await response.json();
  return connections[0].tunnel ?? undefined;
}

/** Waits until the tunnel of the fabric's client is as `isSo` says; `what` names that. */
export async function untilTunnel(
  fabric: Fabric,
  { what, isSo }: { what: string; isSo: (tunnel: TunnelStatus) => boolean },
): Promise<TunnelStatus> {
  return await until(async () => {
    const tunnel = await clientTunnel(fabric);
    return tunnel !== undefined && isSo(tunnel) && tunnel;
  }, { what });
}
