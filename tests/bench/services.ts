import { echo, isGone, noise, Target, writeAll } from "../rig/mod.ts";

/** What stands behind the agent in a measurement: one that reads, one that writes, one that echoes. */
export class Services implements AsyncDisposable {
  /** Bytes that have arrived at the sink. */
  receivedBytes = 0;
  /** Reads all it is sent. */
  readonly sink = new Target((connection) => this.#read(connection));
  /** Writes as long as it is read. */
  readonly source = new Target(write);
  /** Sends back what it gets. */
  readonly echoes = new Target(echo);

  /** Ports of sink, source and echoes. */
  get ports(): number[] {
    return [this.sink.port, this.source.port, this.echoes.port];
  }

  async #read(connection: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(256 * 1024);
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) break;
      this.receivedBytes += count;
    }
  }

  /** Closes all of them. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const target of [this.sink, this.source, this.echoes]) await target[Symbol.asyncDispose]();
  }
}

async function write(connection: Deno.TcpConn): Promise<void> {
  const chunk = noise(64 * 1024, 2);
  try {
    for (;;) await writeAll(connection, chunk);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Prints a row of a table: its name, then the figures. */
export function printRow(...columns: string[]): void {
  const [first = "", ...rest] = columns;
  const line = first.padEnd(32) + rest.map((text) => text.padStart(14)).join("");
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
