import assert from "node:assert/strict";
import type { TcpConn, TcpListener } from "../../core/netstack/mod.ts";
import { type ByteStream, connStream } from "../../core/stream/mod.ts";
import type { Lab } from "./lab.ts";

/** Turns of the event loop after which nothing waits for a promise. */
const SETTLE_TURNS = 4;

async function settle(): Promise<void> {
  for (let i = 0; i < SETTLE_TURNS; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass in a lab in which promises are at work. */
export async function passTime({ clock }: Lab, ms: number): Promise<void> {
  const untilMs = clock.nowMs() + ms;
  clock.setTimer(() => {}, ms);
  await settle();
  while (clock.nextMs() <= untilMs) {
    clock.step();
    await settle();
  }
}

/** Sends back what comes, until the stream ends with its tunnel. */
async function echo(stream: ByteStream): Promise<void> {
  try {
    for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
      await stream.write(chunk);
    }
  } catch (error) {
    assert.ok(error instanceof Error && /reset|closed|abort/i.test(error.message), String(error));
  }
}

/** A stream through a tunnel, whose other end sends everything back. */
export class EchoStream {
  readonly #lab: Lab;
  readonly #stream: ByteStream;

  private constructor(lab: Lab, stream: ByteStream) {
    this.#lab = lab;
    this.#stream = stream;
  }

  /** Opens one to `listener`, within 3 s. */
  static async open(
    lab: Lab,
    { listener, connect }: { listener: TcpListener; connect: () => Promise<TcpConn> },
  ): Promise<EchoStream> {
    const [accepting, opening] = [listener.accept(), connect()];
    await passTime(lab, 3_000);
    const stream = connStream(await opening);
    echo(connStream(await accepting));
    listener.close();
    return new EchoStream(lab, stream);
  }

  /** Sends `bytes` there and back, within `limitMs`. */
  async roundTrip(bytes: number, limitMs: number): Promise<void> {
    const sent = Uint8Array.from({ length: bytes }, (_, i) => (i * 31) >>> 3);
    const writing = this.#stream.write(sent);
    let got = 0;
    const reading = (async () => {
      while (got < bytes) {
        const chunk = (await this.#stream.read())!;
        assert.ok(chunk.every((byte, i) => byte === sent[got + i]), `from byte ${got}`);
        got += chunk.length;
      }
    })();
    const untilMs = this.#lab.clock.nowMs() + limitMs;
    while (got < bytes) {
      assert.ok(this.#lab.clock.nowMs() < untilMs, `${got} of ${bytes} bytes in ${limitMs} ms`);
      await passTime(this.#lab, 100);
    }
    await Promise.all([writing, reading]);
  }
}
