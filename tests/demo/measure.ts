import { dial, fetchLocal, readExactly, writeAll } from "../rig/mod.ts";
import { sha256Of } from "./service.ts";

/** A payload carried one way. */
export interface Transfer {
  lengthBytes: number;
  elapsedMs: number;
  /** SHA-256 taken where the payload arrived. */
  hash: string;
}

/** Round trips of a small message over one connection. */
export interface RoundTrips {
  count: number;
  p50Ms: number;
  p99Ms: number;
}

const MESSAGE_BYTES = 64;

/** Round trips before the first that counts: code is compiled and windows open meanwhile. */
const WARM_UP = 50;

/** Sends `payload` to the demo's service. @throws {Error} on any answer but 200. */
export async function upload(url: string, payload: Uint8Array<ArrayBuffer>): Promise<Transfer> {
  const startMs = performance.now();
  const response = await fetchLocal(`${url}payload`, { method: "PUT", body: payload });
  const hash = await response.text();
  const elapsedMs = performance.now() - startMs;
  if (!response.ok) throw new Error(`Cannot upload: the service answered ${response.status}`);
  return { lengthBytes: payload.length, elapsedMs, hash };
}

/** Fetches the payload of the demo's service. @throws {Error} on any answer but 200. */
export async function download(url: string): Promise<Transfer> {
  const startMs = performance.now();
  const response = await fetchLocal(`${url}payload`);
  if (!response.ok || response.body === null) {
    throw new Error(`Cannot download: the service answered ${response.status}`);
  }
  let lengthBytes = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        lengthBytes += chunk.length;
        controller.enqueue(chunk);
      },
    }),
  );
  const hash = await sha256Of(counted);
  return { lengthBytes, elapsedMs: performance.now() - startMs, hash };
}

/** Measures round trips of 64 bytes to an echo service. */
export async function measureRoundTrips(port: number, count: number): Promise<RoundTrips> {
  using connection = await dial(port);
  const message = new Uint8Array(MESSAGE_BYTES);
  const tookMs: number[] = [];
  for (let i = 0; i < WARM_UP + count; i++) {
    const startMs = performance.now();
    await writeAll(connection, message);
    await readExactly(connection, MESSAGE_BYTES);
    if (i >= WARM_UP) tookMs.push(performance.now() - startMs);
  }
  tookMs.sort((a, b) => a - b);
  return { count, p50Ms: tookMs[count >> 1]!, p99Ms: tookMs[Math.floor(count * 0.99)]! };
}
