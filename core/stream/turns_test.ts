import assert from "node:assert/strict";
import { connStream } from "./conn_stream.ts";
import { Turns } from "./turns.ts";

const remoteAddr: Deno.NetAddr = { transport: "tcp", hostname: "192.0.2.1", port: 9 };

/** A connection that always has bytes, and reports each read. */
function busyConn(onRead: () => void) {
  return {
    read: (buffer: Uint8Array) => {
      onRead();
      return Promise.resolve(buffer.length);
    },
    write: (bytes: Uint8Array) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    close: () => {},
    remoteAddr,
  };
}

Deno.test("Turns lets a stream go on until it has read 64 KiB, small reads counting as 4", async () => {
  const turns = new Turns();
  for (let i = 0; i < 15; i++) assert.equal(turns.afterRead(10), undefined);
  const turn = turns.afterRead(10);
  assert.ok(turn instanceof Promise);
  await turn;
  assert.equal(turns.afterRead(60_000), undefined);
  await turns.afterRead(60_000);
});

Deno.test("Turns gives streams their turns in order, eight in each of the event loop", async () => {
  const order: number[] = [];
  const loopTurns: number[] = [];
  let loopTurn = 0;
  let counting = true;
  const count = () => {
    loopTurn++;
    if (counting) setImmediate(count);
  };
  const all = Array.from({ length: 20 }, async (_, i) => {
    await new Turns().afterRead(128 * 1024);
    order.push(i);
    loopTurns.push(loopTurn);
  });
  setImmediate(count);
  await Promise.all(all);
  counting = false;
  assert.deepEqual(order, Array.from({ length: 20 }, (_, i) => i));
  const sizes = Map.groupBy(loopTurns, (turn) => turn).values().map(({ length }) => length);
  assert.deepEqual([...sizes], [8, 8, 4]);
});

Deno.test("connStream() lets no stream read more than twice as often as another, all being busy", async () => {
  const reads = Array.from({ length: 100 }, () => 0);
  const streams = reads.map((_, i) => connStream(busyConn(() => reads[i]!++)));
  let going = true;
  const readers = streams.map(async (stream) => {
    while (going) await stream.read();
  });
  while (Math.max(...reads) < 100) await new Promise((resolve) => setImmediate(resolve));
  const [least, most] = [Math.min(...reads), Math.max(...reads)];
  going = false;
  await Promise.all(readers);
  assert.ok(most <= 2 * least, `${least} to ${most} reads`);
});
