/**
 * Any interleaving of writes, reads, half-closes and aborts, over any bad network that changes its MTU,
 * stops for a while or becomes another one, delivers exactly the bytes or a coded error, and never hangs. The two ends check each other.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type EarlyWrite, type TcpConn, TcpError } from "../../core/netstack/mod.ts";
import { SimNet } from "./mod.ts";

/** What one end does in its writing direction, and how it reads. */
interface Plan {
  writes: number[];
  pausesMs: number[];
  readBytes: number;
  readPauseMs: number;
  ending: "close-write" | "abort" | "close";
}

interface Outcome {
  written: number;
  received: number;
  error: string | undefined;
  sawEnd: boolean;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  writes: fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 6 }),
  pausesMs: fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 4 }),
  readBytes: fc.integer({ min: 1, max: 70_000 }),
  readPauseMs: fc.constantFrom(0, 0, 0, 3, 120),
  ending: fc.constantFrom("close-write", "close-write", "close-write", "abort", "close"),
});

const network = fc.record({
  delayMs: fc.constantFrom(0, 1, 30, 150),
  jitterMs: fc.constantFrom(0, 5),
  loss: fc.constantFrom(0, 0.01, 0.05, 0.2),
  duplicate: fc.constantFrom(0, 0.05),
  reorder: fc.constantFrom(0, 0.1),
  bitsPerSecond: fc.constantFrom(1e6, 2e7, 1e9),
  queueBytes: fc.constantFrom(6_000, 60_000, 1e9),
});

/** What happens to the path of one end while both work. */
interface Incident {
  kind: "mtu" | "pause" | "path";
  end: "client" | "server";
  atMs: number;
  mtuBytes: number;
  pauseMs: number;
}

const incidents: fc.Arbitrary<Incident[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("mtu" as const, "pause" as const, "path" as const),
    end: fc.constantFrom("client" as const, "server" as const),
    atMs: fc.integer({ min: 0, max: 3000 }),
    mtuBytes: fc.constantFrom(128, 576, 1100, 9000, 16384),
    pauseMs: fc.constantFrom(1, 50, 1500, 20_000),
  }),
  { maxLength: 5 },
);

function scheduleIncidents(net: SimNet, list: Incident[]): void {
  for (const { kind, end, atMs, mtuBytes, pauseMs } of list) {
    const stack = net[end];
    net.clock.setTimer(() => {
      if (kind === "mtu") stack.setMtu(mtuBytes);
      else if (kind === "path") stack.pathChanged();
      else {
        stack.pause();
        net.clock.setTimer(() => stack.resume(), pauseMs);
      }
    }, atMs);
  }
}

const limits = fc.record({
  // Small enough that the bound of the stack is reached, too.
  stackBufferBytes: fc.constantFrom(16_384, 1 << 20, 64 << 20),
  timestamps: fc.boolean(),
  congestion: fc.constantFrom("cubic" as const, "new-reno" as const),
  // A reset that is lost leaves a silent peer behind: keep-alive is what finds that out.
  keepAliveIdleMs: fc.constant(60_000),
  keepAliveIntervalMs: fc.constant(5_000),
  sendBufferBytes: fc.constantFrom(1024, 5000, 1 << 20),
  receiveBufferBytes: fc.constantFrom(1024, 5000, 1 << 20),
});

function byteAt(position: number, salt: number): number {
  return Math.imul(position + salt, 0x9e3779b1) >>> 24;
}

function stretch(from: number, length: number, salt: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => byteAt(from + i, salt));
}

/** Runs one end, which has written some of its stream before; an error of the connection is an outcome, a wrong byte is thrown. */
async function play(
  net: SimNet,
  conn: TcpConn,
  own: Plan,
  salts: [number, number],
  written = 0,
): Promise<Outcome> {
  const outcome: Outcome = { written, received: 0, error: undefined, sawEnd: false };
  conn.setKeepAlive(true);
  const wait = (ms: number) =>
    ms === 0 ? Promise.resolve() : new Promise<void>((done) => net.clock.setTimer(done, ms));
  const note = (error: unknown) => {
    if (!(error instanceof TcpError)) throw error;
    outcome.error ??= error.code;
  };
  const writing = async () => {
    for (const [i, length] of own.writes.entries()) {
      await wait(own.pausesMs[i % own.pausesMs.length]!);
      const at = outcome.written;
      const bytes = stretch(at, length, salts[0]);
      outcome.written += await conn.write(bytes);
    }
    if (own.ending === "close-write") await conn.closeWrite();
    else if (own.ending === "abort") conn.abort();
    else conn.close();
  };
  const reading = async () => {
    const bytes = new Uint8Array(own.readBytes);
    for (;;) {
      const count = await conn.read(bytes);
      if (count === null) break;
      for (let j = 0; j < count; j++) {
        assert.equal(bytes[j], byteAt(outcome.received + j, salts[1]), `byte ${j}`);
      }
      outcome.received += count;
      // A few bytes with a pause each would take hours of virtual time for a long stream.
      if (own.readBytes > 2000) await wait(own.readPauseMs);
    }
    outcome.sawEnd = true;
  };
  await Promise.all([writing().catch(note), reading().catch(note)]);
  return outcome;
}

Deno.test("any interleaving over any network delivers exactly the bytes or an error", async () => {
  const property = fc.asyncProperty(
    fc.integer(),
    network,
    limits,
    plan,
    plan,
    incidents,
    async (seed, link, tcp, here, there, list) => {
      const net = new SimNet({ seed, link, clientTcp: tcp, serverTcp: tcp });
      const listener = net.server.listen({ port: 80 });
      const opened = Promise.all([net.client.connect({ port: 80 }), listener.accept()]);
      opened.catch(() => {});
      let ends: [TcpConn, TcpConn] | undefined;
      try {
        ends = await net.run(opened, 200_000);
      } catch (error) {
        // With a fifth of all packets lost, an opening may time out; then nobody may wait.
        assert.ok(link.loss === 0.2, String(error));
      }
      if (ends !== undefined) {
        const [client, server] = ends;
        scheduleIncidents(net, list);
        const work = Promise.all([
          play(net, client, here, [1, 2]),
          play(net, server, there, [2, 1]),
        ]);
        const [a, b] = await net.run(work, 7_200_000);
        // With a fifth of all packets lost, giving up in the end may be right; waiting never is.
        const orderly = here.ending === "close-write" && there.ending === "close-write";
        if (orderly && link.loss < 0.2) {
          assert.deepEqual([a.error, b.error, a.sawEnd, b.sawEnd], [
            undefined,
            undefined,
            true,
            true,
          ]);
        }
        // A FIN is seen only behind all bytes before it.
        if (b.sawEnd && here.ending === "close-write") assert.equal(b.received, a.written);
        if (a.sawEnd && there.ending === "close-write") assert.equal(a.received, b.written);
        await net.pass(700_000);
        assert.deepEqual(
          [net.client.stats.connections, net.server.stats.connections],
          [0, 0],
          "connections left over",
        );
        assert.equal(net.client.stats.bufferBytes + net.server.stats.bufferBytes, 0);
      }
      net.close();
    },
  );
  await fc.assert(property, { seed: 20, numRuns: 150 });
});

Deno.test("what goes with a SYN, and before the handshake is complete, is delivered exactly once", async () => {
  const property = fc.asyncProperty(
    fc.integer(),
    network.filter(({ loss }) => loss < 0.2),
    limits,
    fc.record({ bytes: fc.integer({ min: 1, max: 3000 }), atMs: fc.constantFrom(0, 1, 40, 200) }),
    plan.map((own) => ({ ...own, ending: "close-write" as const })),
    plan.map((own) => ({ ...own, ending: "close-write" as const })),
    async (seed, link, some, early, here, there) => {
      const tcp = { ...some, synData: true };
      const net = new SimNet({ seed, link, clientTcp: tcp, serverTcp: tcp });
      const listener = net.server.listen({ port: 80, atSyn: true });
      let taken = 0;
      const offered = (write: EarlyWrite) => {
        const offer = () => taken += write(stretch(taken, early.bytes, 1));
        if (early.atMs === 0) offer();
        else net.clock.setTimer(offer, early.atMs);
      };
      const work = Promise.all([
        net.client.connect({ port: 80, early: offered })
          .then((conn) => play(net, conn, here, [1, 2], taken)),
        listener.accept().then((conn) => play(net, conn, there, [2, 1])),
      ]);
      const [a, b] = await net.run(work, 7_200_000);
      assert.deepEqual([a.error, b.error, a.sawEnd, b.sawEnd], [undefined, undefined, true, true]);
      assert.deepEqual([b.received, a.received], [a.written, b.written]);
      net.close();
    },
  );
  await fc.assert(property, { seed: 21, numRuns: 100 });
});
