import { fetchLocal } from "../rig/mod.ts";
import { sha256Of } from "./service.ts";

/** A payload carried one way. */
export interface Transfer {
  lengthBytes: number;
  elapsedMs: number;
  /** SHA-256 taken where the payload arrived. */
  hash: string;
}

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
