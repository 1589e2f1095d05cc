import { PATH_KINDS } from "../../core/path/mod.ts";
import { Tunnel, type TunnelOptions } from "../../core/tunnel/mod.ts";

const EVERY_MS = 1000;

/** Makes a tunnel that sends by each of its paths in turn, every second by another one. */
export function makeSwitchingTunnel(options: TunnelOptions): Tunnel {
  const tunnel = new Tunnel(options);
  let at = 0;
  const change = () => {
    const { path, paths } = tunnel.status();
    const isUp = PATH_KINDS.map((kind) => paths.some((p) => p.kind === kind && p.state === "up"));
    for (let i = 0; i < PATH_KINDS.length; i++) {
      at = (at + 1) % PATH_KINDS.length;
      if (isUp[at] && PATH_KINDS[at] !== path) return tunnel.usePath(PATH_KINDS[at]!);
    }
  };
  const timer = setInterval(change, EVERY_MS);
  tunnel.closed.then(() => clearInterval(timer));
  return tunnel;
}
