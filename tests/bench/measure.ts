import { sleep, systemClock } from "../../core/clock/mod.ts";
import { dial, isGone, noise, readExactly, writeAll } from "../rig/mod.ts";

/** Round trips of a small message over one connection. */
export interface RoundTrips {
  p50Ms: number;
  p99Ms: number;
}

const MESSAGE_BYTES = 64;

/** The value in the middle; of an even count the upper one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Round trips before the first that counts: until code is compiled they take twice as long. */
const WARM_UP_TRIPS = 1_000;

/** The same, for measurements of throughput. */
const WARM_UP_MS = 1000;

const CHUNK = noise(64 * 1024, 1);

/** Options of {@linkcode measureUpload} and {@linkcode measureDownload}. */
export interface ThroughputOptions {
  /** Port of a service on this machine. */
  port: number;
  /** Connections at once. */
  streams: number;
  /** How long to measure, after a warm-up of one second. */
  durationMs: number;
}

/** Sends to a service that reads; Mbit/s by what `receivedBytes` says has arrived there. */
export async function measureUpload(
  options: ThroughputOptions,
  receivedBytes: () => number,
): Promise<number> {
  return await measureRate(options, {
    countBytes: receivedBytes,
    async work(connection) {
      for (;;) await writeAll(connection, CHUNK);
    },
  });
}

/** Receives from a service that writes; Mbit/s by what has arrived here. */
export async function measureDownload(options: ThroughputOptions): Promise<number> {
  let received = 0;
  return await measureRate(options, {
    countBytes: () => received,
    async work(connection) {
      const buffer = new Uint8Array(256 * 1024);
      for (;;) {
        // Not in one expression: what others count meanwhile would be lost.
        const count = await connection.read(buffer) ?? 0;
        received += count;
      }
    },
  });
}

/** Measures round trips of 64 bytes to an echo service. */
export async function measureRoundTrips(port: number, count: number): Promise<RoundTrips> {
  using connection = await dial(port);
  const message = new Uint8Array(MESSAGE_BYTES);
  const tookMs: number[] = [];
  for (let i = 0; i < WARM_UP_TRIPS + count; i++) {
    const startMs = performance.now();
    await writeAll(connection, message);
    await readExactly(connection, MESSAGE_BYTES);
    if (i >= WARM_UP_TRIPS) tookMs.push(performance.now() - startMs);
  }
  tookMs.sort((a, b) => a - b);
  return { p50Ms: tookMs[count >> 1]!, p99Ms: tookMs[Math.floor(count * 0.99)]! };
}

/** Connections a second to an echo service, one after the other, each used for one byte. */
export async function measureConnections(port: number, durationMs: number): Promise<number> {
  const startMs = performance.now();
  let count = 0;
  while (performance.now() - startMs < durationMs) {
    using connection = await dial(port);
    await writeAll(connection, CHUNK.subarray(0, 1));
    await readExactly(connection, 1);
    count++;
  }
  return count * 1000 / (performance.now() - startMs);
}

interface RateSource {
  countBytes: () => number;
  /** Goes on until its connection is closed under it. */
  work: (connection: Deno.TcpConn) => Promise<never>;
}

/** Mbit/s of `work` on each of some connections, from the end of the warm-up on. */
async function measureRate(
  { port, streams, durationMs }: ThroughputOptions,
  { countBytes, work }: RateSource,
): Promise<number> {
  const connections = await Promise.all(Array.from({ length: streams }, () => dial(port)));
  const running = connections.map((connection) =>
    work(connection).catch((error) => {
      if (!isGone(error)) throw error;
    })
  );
  await sleep(systemClock, WARM_UP_MS);
  const [startBytes, startMs] = [countBytes(), performance.now()];
  await sleep(systemClock, durationMs);
  const mbit = (countBytes() - startBytes) * 8 / (performance.now() - startMs) / 1000;
  for (const connection of connections) connection.close();
  await Promise.all(running);
  return mbit;
}
