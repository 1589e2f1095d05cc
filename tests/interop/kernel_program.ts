/**
 * Runs inside a network namespace and does there what it is told, with the kernel's TCP: a line of
 * JSON for each `Order` or `GoOn` on the standard input, one for each `Told` on the standard output.
 *
 * @module
 */

import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";
import { KernelSocket } from "./kernel_socket.ts";
import { TextLineStream } from "./text_lines.ts";
import { type Outcome, play, type Step } from "./tcp_script.ts";

/** Plays the steps on `count` connections at once, opened by this end or by the other. */
export interface Order {
  id: number;
  role: "connect" | "listen";
  hostname: string;
  /** To connect to; a listener takes what the system picks. */
  port: number;
  count: number;
  steps: Step[];
}

/** Lets the connections of an order that wait go on. */
export interface GoOn {
  goOn: number;
}

/** What the program says. */
export type Told =
  | { id: number; listening: number }
  | { id: number; waiting: true }
  | { id: number; outcome: Outcome }
  | { id: number; failed: string };

const REFUSED: Outcome = { received: 0, sha256: "", ended: "refused", elapsedMs: 0 };

const waiting = new Map<number, (() => void)[]>();

function tell(told: Told): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(told)}\n`));
}

function wait(id: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  waiting.set(id, [...waiting.get(id) ?? [], resolve]);
  tell({ id, waiting: true });
  return promise;
}

async function connect({ hostname, port }: Order): Promise<Socket | undefined> {
  const socket = createConnection({ host: hostname, port, allowHalfOpen: true });
  try {
    await once(socket, "connect");
    return socket;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ECONNREFUSED") {
      return undefined;
    }
    throw error;
  }
}

async function playOn(socket: Socket | undefined, { id, steps }: Order): Promise<void> {
  let outcome = REFUSED;
  if (socket !== undefined) {
    const conn = new KernelSocket(socket);
    outcome = await play(conn, steps, { wait: () => wait(id), reset: () => conn.reset() });
  }
  tell({ id, outcome });
}

/** Accepts so many connections on a port that the system picks, then no more. */
async function listen(order: Order): Promise<void> {
  const playing: Promise<void>[] = [];
  const server = createServer({ allowHalfOpen: true });
  const accepted = new Promise<void>((resolve) => {
    server.on("connection", (socket) => {
      if (playing.push(playOn(socket, order)) === order.count) resolve();
    });
  });
  server.listen(0, order.hostname);
  await once(server, "listening");
  tell({ id: order.id, listening: (server.address() as AddressInfo).port });
  await accepted;
  server.close();
  await Promise.all(playing);
}

async function obey(order: Order): Promise<void> {
  if (order.role === "listen") return await listen(order);
  const all = Array.from({ length: order.count }, async () => playOn(await connect(order), order));
  await Promise.all(all);
}

async function main(): Promise<void> {
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(
    new TextLineStream(),
  );
  for await (const line of lines) {
    const message: Order | GoOn = JSON.parse(line);
    if ("goOn" in message) {
      for (const goOn of waiting.get(message.goOn) ?? []) goOn();
      waiting.delete(message.goOn);
    } else {
      const { id } = message;
      obey(message).catch((error) => tell({ id, failed: String(error) }));
    }
  }
  // Whoever started this is gone; connections that are still open do not hold it back.
  Deno.exit(0);
}

if (import.meta.main) await main();
