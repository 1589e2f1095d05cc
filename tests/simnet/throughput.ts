import type { TcpConn } from "../../core/netstack/mod.ts";
import type { LinkOptions } from "./link.ts";
import { SimNet } from "./simnet.ts";

/** A bottleneck and a transfer through it. */
export interface Bottleneck {
  /** Round-trip time without queues, in ms. */
  rttMs: number;
  /** Probability that a packet of data is lost. */
  loss: number;
  /** Rate of the bottleneck in Mbit/s. */
  mbps: number;
  /** Virtual seconds of transfer. */
  seconds: number;
  /** MTU of both stacks. Default 1100. */
  mtuBytes?: number;
}

/** Least queue of the bottleneck; a slow or short link has no less either. */
const MIN_QUEUE_BYTES = 64_000;

/** A link with a queue of one bandwidth-delay product, and the way back for acknowledgements. */
export function bottleneckLinks(o: Bottleneck): { link: LinkOptions; back: LinkOptions } {
  const bitsPerSecond = o.mbps * 1e6;
  const delayMs = o.rttMs / 2;
  const queueBytes = Math.max(bitsPerSecond * o.rttMs / 8000, MIN_QUEUE_BYTES);
  return {
    link: { delayMs, bitsPerSecond, queueBytes, loss: o.loss },
    back: { delayMs, bitsPerSecond, queueBytes },
  };
}

/** Opens a connection to port 80 of the server. */
export async function openBulk(net: SimNet): Promise<[TcpConn, TcpConn]> {
  const listener = net.server.listen({ port: 80 });
  const ends = await net.run(
    Promise.all([net.client.connect({ port: 80 }), listener.accept()]),
    60_000,
  );
  listener.close();
  return ends;
}

/** Writes without end; gives up when the connection does. */
export async function source(conn: TcpConn): Promise<void> {
  const bytes = new Uint8Array(65536);
  try {
    for (;;) await conn.write(bytes);
  } catch {
    // The run is over.
  }
}

/** Reads without end; `received` counts. */
export async function sink(conn: TcpConn, count: { received: number }): Promise<void> {
  const bytes = new Uint8Array(262144);
  try {
    for (;;) count.received += (await conn.read(bytes)) ?? 0;
  } catch {
    // The run is over.
  }
}

/** Share of the bottleneck in percent that one transfer gets, connection and slow start included. */
export async function utilisation(o: Bottleneck, { seed }: { seed: number }): Promise<number> {
  const net = new SimNet({
    seed,
    ...bottleneckLinks(o),
    mtuBytes: o.mtuBytes ?? 1100,
  });
  const [client, server] = await openBulk(net);
  const count = { received: 0 };
  const ends = Promise.all([source(client), sink(server, count)]);
  await net.pass(o.seconds * 1000 - net.clock.nowMs());
  const percent = count.received * 8 / (o.mbps * 1e6 * o.seconds) * 100;
  net.close();
  await ends;
  return percent;
}
