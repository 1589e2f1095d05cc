/**
 * What sends to the ports of a program in `flood.ts`, in a thread of its own: random bytes in the shape
 * of WireGuard's handshake initiation, from many ports in turn.
 *
 * @module
 */

import { sleep, systemClock, systemRandom } from "../../core/clock/mod.ts";
import { answerQuestions } from "./thread.ts";

/** How much to send, and whereto. */
export interface Flood {
  /** UDP ports of this machine, in turn. */
  ports: number[];
  /** Datagrams a second. */
  perSecond: number;
  /** For how long. */
  durationMs: number;
}

const INITIATION_BYTES = 148;
const SOURCES = 64;

/** Pauses between bursts, as long as a timer is exact. */
const BURST_MS = 2;

async function flood({ ports, perSecond, durationMs }: Flood): Promise<number> {
  const sources = Array.from(
    { length: SOURCES },
    () => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }),
  );
  const message = new Uint8Array(INITIATION_BYTES);
  const startMs = systemClock.nowMs();
  let sent = 0;
  for (;;) {
    const passedMs = systemClock.nowMs() - startMs;
    if (passedMs >= durationMs) break;
    while (sent < passedMs * perSecond / 1000) {
      systemRandom(message);
      message.set([1, 0, 0, 0]);
      const port = ports[sent % ports.length]!;
      const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port };
      await sources[sent % SOURCES]!.send(message, to);
      sent++;
    }
    await sleep(systemClock, BURST_MS);
  }
  for (const source of sources) source.close();
  return sent;
}

answerQuestions(flood);
