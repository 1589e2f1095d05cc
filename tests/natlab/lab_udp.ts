import { makeEndpoint } from "../../core/endpoint/mod.ts";
import type { UdpSystem } from "../../core/path/mod.ts";
import type { Host } from "./host.ts";

/** UDP of a host in the lab, as a tunnel wants it. The system takes whatever is sent. */
export function labUdp(host: Host): UdpSystem {
  return {
    bind: (hostname, handler) => {
      const isV6 = hostname === "::";
      const socket = host.bind((bytes, source) => {
        if ((source.address.length === 16) !== isV6) return;
        handler.datagram(bytes, bytes.length, {
          transport: "udp",
          hostname: source.host,
          port: source.port,
        });
        handler.batchEnd();
      });
      return {
        localPort: socket.port,
        send: (bytes, to) => {
          const endpoint = makeEndpoint(to.hostname, to.port);
          return Promise.resolve(endpoint !== undefined && socket.send(bytes, endpoint));
        },
        close: () => socket.close(),
      };
    },
    lookup: (name) => Promise.resolve([name]),
    interfaces: () => host.addresses.map((address) => ({ address })),
  };
}
