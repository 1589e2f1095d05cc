import assert from "node:assert/strict";
import { PacketPool } from "../bytes/mod.ts";
import { ManualClock } from "../clock/mod.ts";
import { PROTOCOL_TCP } from "../ip/mod.ts";
import { Connection, PagePool, PathTimes, tcpOptions, toSeq } from "../tcp/mod.ts";
import { CLIENT, SERVER } from "./_pair.ts";
import { FlushQueue } from "./flush_queue.ts";
import { Ipv4Sink } from "./sink.ts";
import { Socket } from "./socket.ts";

Deno.test("FlushQueue keeps nothing of a connection that ended while the carrier was full", async () => {
  const pool = new PacketPool({ maxPacketBytes: 1500 });
  const fields = { source: CLIENT, destination: SERVER, protocol: PROTOCOL_TCP };
  const sink = new Ipv4Sink({ fields, pool, output: (packet) => pool.give(packet) });
  const ended: Socket[] = [];
  const queue: FlushQueue = new FlushQueue({
    sink,
    clock: new ManualClock(),
    flush: (nowMs) => queue.flush(nowMs),
    ended: (socket) => {
      ended.push(socket);
      queue.forget(socket);
    },
    defect: (error) => {
      throw error;
    },
  });
  const connection = new Connection({
    localPort: 40000,
    remotePort: 80,
    iss: toSeq(0),
    mtuBytes: 1100,
    pages: new PagePool(),
    path: new PathTimes(),
    options: tcpOptions(),
  });
  const socket = new Socket(connection, queue);
  connection.open(0);
  sink.blocked = true;
  queue.mark(socket);
  queue.flush(0);
  connection.abort();
  queue.mark(socket);
  queue.flush(0);
  assert.deepEqual(ended, [socket]);
  sink.blocked = false;
  queue.resume();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(ended.length, 1, "it had its turn for nothing");
});
