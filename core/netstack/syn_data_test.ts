import assert from "node:assert/strict";
import { Pair } from "./_pair.ts";
import type { EarlyWrite } from "./options.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Two stacks that have agreed, and a listener that answers each request with itself. */
function agreed(): Pair {
  const pair = new Pair();
  for (const stack of [pair.client, pair.server]) stack.useSynData();
  const listener = pair.server.listen({ port: 80, atSyn: true });
  (async () => {
    for await (const conn of listener) {
      const into = new Uint8Array(2000);
      const count = await conn.read(into);
      await conn.write(into.subarray(0, count!));
      conn.close();
    }
  })();
  return pair;
}

Deno.test("a request that goes with the SYN is answered within one round trip", async () => {
  const pair = agreed();
  const dialling = pair.client.connect({
    port: 80,
    early: (write) => assert.equal(write(bytes("hello")), 5),
  });
  await pair.step(); // the SYN
  await pair.step(); // SYN-ACK and answer
  const client = await dialling;
  const into = new Uint8Array(10);
  assert.equal(await client.read(into), 5);
  assert.deepEqual(into.subarray(0, 5), bytes("hello"));
  client.close();
  await pair.run();
  pair.client.close();
  pair.server.close();
});

Deno.test("bytes that come behind the SYN are taken until the peer has answered, once", async () => {
  const pair = agreed();
  let write: EarlyWrite = () => 0;
  const dialling = pair.client.connect({ port: 80, early: (some) => write = some });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(write(new Uint8Array(5000)), 1100 - 40 - 12, "what fits");
  assert.equal(write(bytes("more")), 0);
  await pair.run();
  const client = await dialling;
  assert.equal(write(bytes("late")), 0);
  const into = new Uint8Array(2000);
  assert.equal(await client.read(into), 1048);
  client.close();
  await pair.run();
  pair.client.close();
  pair.server.close();
});

Deno.test("the last acknowledgement goes with what another connection sends, or after 40 ms", async () => {
  const pair = agreed();
  const ask = async () => {
    let write: EarlyWrite = () => 0;
    const dialling = pair.client.connect({ port: 80, early: (some) => write = some });
    write(bytes("hello"));
    const client = await pair.settle(dialling);
    while (await pair.settle(client.read(new Uint8Array(10))) !== null);
    client.close();
    await pair.run();
  };
  const left = () => pair.client.stats.connections;
  await ask();
  assert.equal(left(), 1, "waits for the last acknowledgement");
  await ask();
  assert.equal(left(), 1, "that of the first came with the answer to the second");
  await pair.pass(50);
  assert.equal(left(), 0);
  pair.client.close();
  pair.server.close();
});

Deno.test("without an agreement nothing goes with a SYN", async () => {
  const pair = new Pair();
  pair.server.listen({ port: 80 });
  const dialling = pair.client.connect({
    port: 80,
    early: (write) => assert.equal(write(bytes("hello")), 0),
  });
  const client = await pair.settle(dialling);
  client.abort();
  await pair.run();
  pair.client.close();
  pair.server.close();
});
