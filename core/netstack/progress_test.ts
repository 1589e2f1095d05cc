import assert from "node:assert/strict";
import { Pair } from "./_pair.ts";

Deno.test("progress counts each byte once at either end, those with a SYN and those before the last word too", async () => {
  for (const synData of [true, false]) {
    const pair = new Pair({ client: { synData }, server: { synData } });
    const listener = pair.server.listen({ port: 80 });
    let earlyBytes = 0;
    const opening = Promise.all([
      pair.client.connect({ port: 80, early: (write) => earlyBytes = write(new Uint8Array(40)) }),
      listener.accept(),
    ]);
    await pair.pass(100);
    const [client, server] = await opening;
    assert.equal(earlyBytes, synData ? 40 : 0);
    await client.closeWrite();
    await pair.pass(100);
    if (synData) assert.equal(await server.read(new Uint8Array(100)), 40);
    // Data, FIN, and the acknowledgement that ends the connection.
    await server.write(new Uint8Array(3000));
    server.close();
    await pair.pass(100);
    assert.equal(pair.server.stats.connections, 0);
    const [sent, received] = [pair.client.progress, pair.server.progress];
    assert.deepEqual([sent.ackedBytes, received.receivedBytes], [earlyBytes, earlyBytes]);
    assert.deepEqual([received.ackedBytes, sent.receivedBytes], [3000, 3000]);
    pair.close();
  }
});

Deno.test("progress does not count what a reset takes away", async () => {
  const pair = new Pair();
  const [client, server] = await pair.open();
  await client.write(new Uint8Array(100));
  await pair.pass(100);
  pair.cut = true;
  await client.write(new Uint8Array(1000));
  await pair.run();
  pair.cut = false;
  server.abort();
  await pair.run();
  assert.deepEqual([pair.client.progress.ackedBytes, pair.server.progress.receivedBytes], [
    100,
    100,
  ]);
  pair.close();
});
