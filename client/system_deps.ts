import { onInterrupt } from "../core/cli/mod.ts";
import { systemClock, systemRandom } from "../core/clock/mod.ts";
import { systemHost } from "../core/config/mod.ts";
import { dialHub, type HubSocket, systemUdp } from "../core/path/mod.ts";
import { connStream, listenTcp } from "../core/stream/mod.ts";
import { Tunnel } from "../core/tunnel/mod.ts";
import { generatePrivateKey, publicKey } from "../core/wireguard/mod.ts";
import type { ClientDeps, ClientTunnel, OpenTunnelOptions } from "./deps.ts";
import { storedToken } from "./token.ts";

const clock = systemClock;
const random = systemRandom;

function openTunnel(socket: HubSocket, { grant, keys, mtuBytes }: OpenTunnelOptions): ClientTunnel {
  const { sessionIdx, peerPublicKey } = grant;
  const { privateKey } = keys;
  const tunnel = new Tunnel({
    role: "client",
    sessionIdx,
    privateKey,
    peerPublicKey,
    mtuBytes,
    clock,
    random,
    udp: systemUdp,
    handler: { waiting: (reason) => tunnel.end(reason) },
  });
  tunnel.attach(socket);
  return {
    connect: async (to) => connStream(await tunnel.connect(to)),
    closed: tunnel.closed,
    close: () => tunnel.close(),
  };
}

/** The machine that this process runs on, and the real layers below the client. */
export const systemDeps: ClientDeps = {
  clock,
  random,
  fetch,
  listen: listenTcp,
  storedToken: (hubUrl) => storedToken(hubUrl, systemHost),
  async dialHub(url, signal) {
    const socket = await dialHub({ url, clock, random, signal });
    return { socket, openTunnel: (options) => openTunnel(socket, options) };
  },
  makeKeys() {
    const privateKey = generatePrivateKey(random);
    return { privateKey, publicKey: publicKey(privateKey) };
  },
  onInterrupt,
};
