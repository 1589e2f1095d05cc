/**
 * A forwarder in a process of its own, so that what it costs is not on the account of who is measured.
 * Takes `ForwarderOrder` as its argument, prints `ForwarderStarted`, ends with its standard input.
 *
 * @module
 */

import type { LinkOptions } from "../simnet/link.ts";
import { Forwarder } from "./forwarder.ts";
import { type UdpAddress, UdpEnd } from "./udp.ts";

/** What the program is to do. */
export interface ForwarderOrder {
  /** For each end: the address to bind, and where what it sends goes. */
  ends: [ForwarderOrderEnd, ForwarderOrderEnd];
  link: LinkOptions;
  back?: LinkOptions | undefined;
  seed: number;
}

/** One of the two ends. */
export interface ForwarderOrderEnd {
  hostname: string;
  peer: UdpAddress;
}

/** What the program says once it forwards. */
export interface ForwarderStarted {
  addresses: [UdpAddress, UdpAddress];
}

async function main({ ends, ...order }: ForwarderOrder): Promise<void> {
  const open = async ({ hostname, peer }: ForwarderOrderEnd) => {
    const end = await UdpEnd.bind(hostname);
    end.peer = peer;
    return end;
  };
  const [first, second] = [await open(ends[0]), await open(ends[1])];
  using _forwarder = new Forwarder({ ...order, ends: [first, second] });
  const started: ForwarderStarted = { addresses: [first.address, second.address] };
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(started)}\n`));
  await Deno.stdin.readable.pipeTo(new WritableStream());
  Deno.exit(0);
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]!));
