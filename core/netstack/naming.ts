import { formatIpv4Address, type Ipv4Address } from "../ip/mod.ts";
import { type TcpAddr, TcpConn } from "./conn.ts";
import type { Socket } from "./socket.ts";

/** Key of a connection: signed 32 bits, a small integer for the engine. */
export function keyOf(localPort: number, remotePort: number): number {
  return (localPort << 16) | remotePort;
}

/** An address and a port, in words. */
export function addrOf(address: Ipv4Address, port: number): TcpAddr {
  return { transport: "tcp", hostname: formatIpv4Address(address), port };
}

/** The public face of a connection between two addresses. */
export function connOf(
  socket: Socket,
  { localAddress, peerAddress }: { localAddress: Ipv4Address; peerAddress: Ipv4Address },
): TcpConn {
  return new TcpConn(socket, {
    localAddr: addrOf(localAddress, socket.connection.localPort),
    remoteAddr: addrOf(peerAddress, socket.connection.remotePort),
  });
}
