import assert from "node:assert/strict";
import { ManualClock } from "../core/clock/mod.ts";
import { createLog } from "../core/log/mod.ts";
import { type ByteStream, dialTcp, listenTcp, type TcpAddress } from "../core/stream/mod.ts";
import { type Listen, ListenerSet } from "./listener_set.ts";
import type { Mapping } from "./ports.ts";

const PREFIX = "1970-01-01T00:00:00Z [tela] ";

function logged() {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line.replace(PREFIX, ""));
  return { lines, log: createLog({ component: "tela", write, clock: new ManualClock(0) }) };
}

/** A loopback where some ports cannot be had. */
function loopback(taken: (port: number) => boolean) {
  const tried: TcpAddress[] = [];
  const open = new Set<number>();
  const listen: Listen = (address) => {
    tried.push(address);
    if (taken(address.port)) return Promise.reject(new Error("listen EADDRINUSE"));
    open.add(address.port);
    return Promise.resolve({ port: address.port, close: () => void open.delete(address.port) });
  };
  return { listen, tried, open };
}

const accept = () => {};

Deno.test("ListenerSet.bind() listens on 127.0.0.1 only and logs where (client 40)", async () => {
  const { lines, log } = logged();
  const { listen, tried } = loopback(() => false);
  const set = new ListenerSet({ listen, accept, log });
  await set.bind([{ local: 2222, remote: 22 }, { local: 5432, remote: 5432 }]);
  assert.deepEqual(tried, [
    { hostname: "127.0.0.1", port: 2222 },
    { hostname: "127.0.0.1", port: 5432 },
  ]);
  assert.deepEqual(lines, [
    "Services available:",
    "  localhost:2222  → SSH",
    "  localhost:5432  → port 5432",
  ]);
  assert.equal(set.size, 2);
  set.close();
  assert.equal(set.size, 0);
});

Deno.test("ListenerSet.bind() falls to 10022, then 10023, when 22 cannot be had (client 41)", async () => {
  const { lines, log } = logged();
  const { listen, open } = loopback((port) => port < 1024 || port === 10_022);
  const set = new ListenerSet({ listen, accept, log });
  await set.bind([{ local: 22, remote: 22 }, { local: 80, remote: 8080 }]);
  assert.deepEqual([...open], [10_023, 10_080]);
  assert.deepEqual(lines.slice(1), [
    "  localhost:10023 → SSH (port 22 in use, remapped)",
    "  localhost:10080 → HTTP (port 80 in use, remapped)",
  ]);
});

Deno.test("ListenerSet.bind() skips what has no free port and keeps the others", async () => {
  const { lines, log } = logged();
  const { listen, tried } = loopback((port) => port > 50_000);
  const set = new ListenerSet({ listen, accept, log });
  await set.bind([{ local: 60_000, remote: 22 }, { local: 55_000, remote: 80 }, {
    local: 1,
    remote: 1,
  }]);
  assert.deepEqual(tried.map(({ port }) => port).slice(0, 2), [60_000, 55_000]);
  assert.equal(tried.at(-2)!.port, 65_535);
  assert.equal(tried.length, 1 + 537 + 1);
  assert.equal(set.size, 1);
  assert.deepEqual(lines, [
    "Services available:",
    "  SKIP port 60000 → SSH: listen EADDRINUSE",
    "  SKIP port 55000 → HTTP: listen EADDRINUSE",
    "  localhost:1     → port 1",
  ]);
});

Deno.test("ListenerSet.bind() leaves alone what is bound already", async () => {
  const { lines, log } = logged();
  const { listen, tried } = loopback(() => false);
  const set = new ListenerSet({ listen, accept, log });
  await set.bind([{ local: 22, remote: 22 }]);
  await set.bind([{ local: 22, remote: 22 }]);
  assert.equal(lines.length, 2);
  await set.bind([{ local: 22, remote: 22 }, { local: 80, remote: 80 }]);
  assert.deepEqual(tried.map(({ port }) => port), [22, 80]);
  assert.deepEqual(lines.slice(2), ["Services available:", "  localhost:80    → HTTP"]);
});

Deno.test("ListenerSet.close() closes what a bind under way still opens", async () => {
  const { log } = logged();
  const { listen, open } = loopback(() => false);
  const set = new ListenerSet({ listen, accept, log });
  const binding = set.bind([{ local: 22, remote: 22 }]);
  set.close();
  await binding;
  assert.equal(open.size, 0);
});

Deno.test("ListenerSet gives accepted connections with their ports, and tells what is bound", async () => {
  const { log } = logged();
  const accepted = Promise.withResolvers<[ByteStream, Mapping]>();
  const bound: Mapping[] = [];
  let port = 0;
  const set = new ListenerSet({
    // Any port in the place of the one that is wanted: that may be taken here.
    listen: async (address, accept) => {
      const server = await listenTcp({ ...address, port: 0 }, accept);
      port = server.port;
      return server;
    },
    accept: (stream, from) => accepted.resolve([stream, from]),
    onBound: (mapping) => bound.push(mapping),
    log,
  });
  await set.bind([{ local: 2222, remote: 5432 }]);
  const program = await dialTcp({ hostname: "127.0.0.1", port });
  const [stream, from] = await accepted.promise;
  assert.deepEqual(from, { local: 2222, remote: 5432 });
  assert.deepEqual(bound, [from]);
  program.close();
  stream.close();
  set.close();
});
