import { onInterrupt } from "../core/cli/mod.ts";
import { systemClock, systemRandom } from "../core/clock/mod.ts";
import { ConfigError, joinPath, systemHost, userDir } from "../core/config/mod.ts";
import { CredentialFile, userCredentialsPath } from "../core/credentials/mod.ts";
import { KnownAgents } from "../core/identity/mod.ts";
import { dialHub, HubSocket, systemUdp } from "../core/path/mod.ts";
import { connStream, listenTcp } from "../core/stream/mod.ts";
import { Tunnel, type TunnelOptions } from "../core/tunnel/mod.ts";
import { generatePrivateKey, publicKey } from "../core/wireguard/mod.ts";
import { ControlServer, findClients, followClient } from "./control/mod.ts";
import type { ClientDeps, ClientTunnel, OpenTunnelOptions } from "./deps.ts";
import { systemProbes } from "./explain/mod.ts";
import { storedToken } from "./token.ts";

const clock = systemClock;
const random = systemRandom;

function openTunnel(
  { grant, keys, ...options }: OpenTunnelOptions,
  makeTunnel: (options: TunnelOptions) => Tunnel,
): ClientTunnel {
  const { sessionIdx, peerPublicKey } = grant;
  const { privateKey } = keys;
  const peer = { sessionIdx, privateKey, peerPublicKey };
  const tunnel = makeTunnel({ role: "client", ...peer, ...options, udp: systemUdp, clock, random });
  tunnel.peerOffers(grant.hello?.features ?? []);
  return {
    status: () => tunnel.status(),
    connect: async (to) => connStream(await tunnel.connect(to)),
    closed: tunnel.closed,
    attach: (socket) => {
      if (!(socket instanceof HubSocket)) throw new TypeError("Cannot attach: not a hub socket");
      tunnel.attach(socket);
    },
    end: (reason) => tunnel.end(reason),
    leave: (reason) => tunnel.leave(reason),
  };
}

/** Path of a file of this user; undefined where the environment tells no home directory. */
function userFile(name: string): string | undefined {
  try {
    return joinPath(systemHost, [userDir(systemHost), name]);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function knownAgents(): KnownAgents | undefined {
  const path = userFile("known_agents");
  return path === undefined ? undefined : new KnownAgents(path);
}

function nameFiles(): ReturnType<ClientDeps["nameFiles"]> {
  const [remotes, aliases] = [userFile("config.yaml"), userFile("hubs.yaml")];
  return remotes === undefined || aliases === undefined ? undefined : { remotes, aliases };
}

/** The machine that this process runs on, and the real layers below the client. */
export const systemDeps: ClientDeps = {
  clock,
  random,
  fetch,
  probes: systemProbes(),
  nameFiles,
  listen: listenTcp,
  storedToken: (hubUrl) => storedToken(hubUrl, systemHost),
  openCredentials: () => CredentialFile.open(userCredentialsPath(systemHost)),
  dialHub: (url, signal) => dialHub({ url, clock, random, signal }),
  openTunnel: (options) => openTunnel(options, (all) => new Tunnel(all)),
  knownAgents,
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

/** The same with tunnels that somebody else makes. */
export function systemDepsWith(makeTunnel: (options: TunnelOptions) => Tunnel): ClientDeps {
  return { ...systemDeps, openTunnel: (options) => openTunnel(options, makeTunnel) };
}
