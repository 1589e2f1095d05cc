import { type ByteStream, dialTcp, listenTcp } from "../mod.ts";

/** Options of {@linkcode tcpPair}. */
export interface TcpPairOptions {
  /** Listens by `node:net`. Default: false. */
  viaNode?: boolean;
  /** Dials by `node:net`. Default: as `viaNode`. */
  dialViaNode?: boolean;
}

/** Two ends of a TCP connection of this machine: the one that was dialled, the one accepted. */
export async function tcpPair(
  { viaNode = false, dialViaNode = viaNode }: TcpPairOptions = {},
): Promise<[dialled: ByteStream, accepted: ByteStream]> {
  const accepted = Promise.withResolvers<ByteStream>();
  const address = { hostname: "127.0.0.1", port: 0 };
  const server = await listenTcp(address, accepted.resolve, { viaNode });
  const { port } = server;
  const a = await dialTcp({ ...address, port }, undefined, { viaNode: dialViaNode });
  const b = await accepted.promise;
  // Before, it would reset what it has not accepted yet.
  server.close();
  return [a, b];
}
