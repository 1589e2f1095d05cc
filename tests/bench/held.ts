import type { PathKind } from "../../core/path/mod.ts";
import { Fabric, untilTunnel } from "../rig/mod.ts";

/** A fabric whose tunnel may send by one path alone, and does so by now. */
export async function startHeldTo(path: PathKind, targetPorts: number[]): Promise<Fabric> {
  const flags = ["-paths", path];
  const fabric = await Fabric.create();
  try {
    await fabric.startHub();
    await fabric.startAgent(targetPorts, flags);
    await fabric.startClient(targetPorts, flags);
    await untilTunnel(fabric, { what: `sending by ${path}`, isSo: (t) => t.path === path });
  } catch (error) {
    await fabric[Symbol.asyncDispose]();
    throw error;
  }
  return fabric;
}
