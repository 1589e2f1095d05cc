import assert from "node:assert/strict";
import { settle, tunnelPair } from "./_pair.ts";
import { bufferLimits, limitBufferMemory } from "./buffer_memory.ts";

const MIB = 1 << 20;

Deno.test("limitBufferMemory() bounds what tunnels hold that are made from then on", async () => {
  const usual = bufferLimits();
  assert.equal(usual.memory.maxBytes, 256 * MIB);
  assert.equal(usual.tcp.sendBufferBytes, 32 * MIB);
  try {
    limitBufferMemory(16);
    const { memory, tcp } = bufferLimits();
    assert.equal(memory.maxBytes, 16 * MIB);
    assert.deepEqual(tcp, {
      sendBufferBytes: 2 * MIB,
      receiveBufferBytes: 2 * MIB,
      stackBufferBytes: 8 * MIB,
    });
    const { agent, client } = tunnelPair();
    const listener = agent.listen({ port: 80 });
    const [, conn] = await Promise.all([listener.accept(), client.connect({ port: 80 })]);
    await conn.write(new Uint8Array(MIB / 8));
    await settle();
    assert.ok(memory.lentBytes >= MIB / 8, "what nobody has read yet");
    assert.equal(usual.memory.lentBytes, 0);
    agent.close();
    client.close();
    await Promise.all([agent.closed, client.closed]);
    assert.equal(memory.lentBytes, 0);
  } finally {
    limitBufferMemory(256);
  }
});
