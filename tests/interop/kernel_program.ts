/**
 * Runs inside a network namespace and does there what it is told, with the kernel's TCP: a line of
 * JSON for each `Order` or `GoOn` on the standard input, one for each `Told` on the standard output.
 *
 * @module
 */

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

async function connect({ hostname, port }: Order): Promise<Deno.TcpConn | undefined> {
  try {
    const conn = await Deno.connect({ hostname, port });
    conn.setNoDelay();
    return conn;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return undefined;
    throw error;
  }
}

async function playOn(conn: Deno.TcpConn | undefined, { id, steps }: Order): Promise<void> {
  const outcome = conn ? await play(conn, steps, { wait: () => wait(id) }) : REFUSED;
  tell({ id, outcome });
}

async function obey(order: Order): Promise<void> {
  const all: Promise<void>[] = [];
  if (order.role === "connect") {
    for (let i = 0; i < order.count; i++) {
      all.push(connect(order).then((conn) => playOn(conn, order)));
    }
  } else {
    const { hostname } = order;
    using listener = Deno.listen({ hostname, port: 0 });
    tell({ id: order.id, listening: listener.addr.port });
    for (let i = 0; i < order.count; i++) {
      const conn = await listener.accept();
      conn.setNoDelay();
      all.push(playOn(conn, order));
    }
  }
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
