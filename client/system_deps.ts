import { onInterrupt } from "../core/cli/mod.ts";
import { systemClock, systemRandom } from "../core/clock/mod.ts";
import { systemHost } from "../core/config/mod.ts";
import { CredentialFile, userCredentialsPath } from "../core/credentials/mod.ts";
import { dialHub, type HubSocket } from "../core/path/mod.ts";
import { connStream, listenTcp } from "../core/stream/mod.ts";
import { Tunnel } from "../core/tunnel/mod.ts";
import { generatePrivateKey, publicKey } from "../core/wireguard/mod.ts";
import { ControlServer, findClients, followClient } from "./control/mod.ts";
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
    socket,
    mtuBytes,
    clock,
    random,
  });
  const sinceWallMs = clock.wallMs();
  let state: "ended" | "up" = "up";
  tunnel.closed.then(() => state = "ended");
  return {
    status: () => ({
      state,
      sinceWallMs,
      path: "websocket",
      pathSinceWallMs: sinceWallMs,
      paths: [],
      sentBytes: 0,
      receivedBytes: 0,
      resumes: 0,
      peer: { kind: "unknown", verified: "unverified" },
    }),
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
  openCredentials: () => CredentialFile.open(userCredentialsPath(systemHost)),
  async dialHub(url, signal) {
    const socket = await dialHub({ url, clock, random, signal });
    return { socket, openTunnel: (options) => openTunnel(socket, options) };
  },
  makeKeys() {
    const privateKey = generatePrivateKey(random);
    return { privateKey, publicKey: publicKey(privateKey) };
  },
  serveControl: (client) =>
    ControlServer.start({ client, host: systemHost, pid: Deno.pid, clock, random }),
  findClients: () => findClients(systemHost),
  followClient: (address, options) => followClient(address, { ...options, clock, random }),
  onInterrupt,
};
