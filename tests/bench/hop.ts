/**
 * A program that only copies: what comes on a port of this machine goes to another, and back. Three in
 * a row are what `hops.ts` holds the tunnel against. `deno run --allow-net hop.ts PORT`; says its port.
 *
 * @module
 */

const BUFFER_BYTES = 64 * 1024;

const [toPort = 0] = Deno.args.map(Number);

async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
  }
  await to.closeWrite();
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
Deno.stdout.writeSync(new TextEncoder().encode(`${listener.addr.port}\n`));
for await (const near of listener) {
  const far = await Deno.connect({ hostname: "127.0.0.1", port: toPort });
  near.setNoDelay();
  far.setNoDelay();
  void Promise.all([copy(near, far), copy(far, near)]).finally(() => {
    near.close();
    far.close();
  });
}
