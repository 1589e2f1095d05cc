import assert from "node:assert/strict";
import { connStream, streamPair } from "../stream/mod.ts";
import { settle, tunnelPair } from "./_pair.ts";
import { splice } from "./splice.ts";
import { tunnelAddresses } from "./options.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("tunnelAddresses() clamps the index to 1 to 254 (wire 40, client 39)", () => {
  const third = (index: number) => (tunnelAddresses(index).agent >>> 8) & 0xff;
  assert.deepEqual([0, 1, 7, 254, 255].map(third), [1, 1, 7, 254, 254]);
  assert.equal(tunnelAddresses(7).client - tunnelAddresses(7).agent, 1);
});

Deno.test("Tunnel carries a TCP connection with half-close both ways (client 46)", async () => {
  const { relay, agent, client } = tunnelPair();
  const listener = agent.listen({ port: 22 });
  const dialling = client.connect({ port: 22 });
  const accepted = connStream(await listener.accept());
  const dialled = connStream(await dialling);
  await dialled.write(bytes("a secret marker"));
  await dialled.closeWrite();
  assert.equal(new TextDecoder().decode((await accepted.read())!), "a secret marker");
  assert.equal(await accepted.read(), null);
  await accepted.write(bytes("reply"));
  await accepted.closeWrite();
  assert.equal(new TextDecoder().decode((await dialled.read())!), "reply");
  assert.equal(await dialled.read(), null);
  const relayed = relay.frames.map((frame) => new TextDecoder("latin1").decode(frame)).join();
  assert.ok(relayed.length > 500 && !relayed.includes("marker"));
  client.close();
  assert.equal(await client.closed, "closed");
  assert.match(await agent.closed, /^the hub connection ended/);
  assert.deepEqual([agent.state, client.state], ["ended", "ended"]);
});

Deno.test("Tunnel lets data go with the SYN to a peer of ours, and to no other (design 5.1)", async () => {
  for (const ours of [true, false]) {
    const { agent, client } = tunnelPair({ ours });
    await settle();
    const listener = agent.listen({ port: 22 });
    let taken = -1;
    const dialling = client.connect({
      port: 22,
      early: (write) => taken = write(bytes("request")),
    });
    const accepted = connStream(await listener.accept());
    assert.equal(taken, ours ? 7 : 0);
    const dialled = connStream(await dialling);
    if (!ours) await dialled.write(bytes("request"));
    assert.equal(new TextDecoder().decode((await accepted.read())!), "request");
    client.close();
    await agent.closed;
  }
});

Deno.test("Tunnel refuses a port without a listener (agent 24)", async () => {
  const { agent, client } = tunnelPair();
  await assert.rejects(client.connect({ port: 17377 }), { name: "TcpError", code: "refused" });
  client.close();
  await agent.closed;
});

for (const mtu of [[1100, 1100], [1000, 1420], [1420, 1100], [16_000, 16_000]] as const) {
  Deno.test(`Tunnel moves 4 MiB each way at MTU ${mtu.join(" and ")} (wire 58)`, async () => {
    const { agent, client } = tunnelPair({ mtu: [...mtu] });
    const listener = agent.listen({ port: 80 });
    const echo = listener.accept().then((conn) => {
      const stream = connStream(conn);
      const [near, far] = streamPair();
      const done = splice(stream, near);
      return (async () => {
        for (let c = await far.read(); c !== null; c = await far.read()) await far.write(c);
        await far.closeWrite();
        await done;
      })();
    });
    const conn = connStream(await client.connect({ port: 80 }));
    const sent = new Uint8Array(4 << 20);
    for (let i = 0; i < sent.length; i++) sent[i] = i * 31 >>> 7;
    const sending = conn.write(sent).then(() => conn.closeWrite());
    let at = 0;
    for (let c = await conn.read(); c !== null; c = await conn.read()) {
      assert.ok(c.every((byte, i) => byte === sent[at + i]));
      at += c.length;
    }
    assert.equal(at, sent.length);
    await sending;
    await echo;
    conn.close();
    client.close();
    await agent.closed;
  });
}

Deno.test("Tunnel resets what is open when its owner ends it after session-end (wire 43)", async () => {
  const { relay, agent, client } = tunnelPair();
  const listener = agent.listen({ port: 80 });
  const [accepted, dialled] = await Promise.all([
    listener.accept(),
    client.connect({ port: 80 }),
  ]);
  const reads = [accepted.read(new Uint8Array(1)), dialled.read(new Uint8Array(1))];
  const failures = reads.map((read) => assert.rejects(read, { name: "TcpError" }));
  relay.sendToBoth(`{"type":"x-custom"}`);
  relay.sendToBoth(`{"type":"session-end"}`);
  assert.equal(await agent.closed, "the peer's connection to the hub ended");
  await client.closed;
  await Promise.all(failures);
  await assert.rejects(listener.accept());
});

Deno.test("Tunnel ends when its socket is cut and its owner does not wait", async () => {
  const { relay, agent, client } = tunnelPair();
  const pending = assert.rejects(client.connect({ port: 80 }));
  relay.cut();
  assert.equal(await agent.closed, "the hub connection ended (1006 connection lost)");
  await client.closed;
  await pending;
});

Deno.test("tunnels that share their packets never mix them", async () => {
  const pairs = Array.from({ length: 4 }, () => tunnelPair({ mtu: [1420, 1420] }));
  const lengthBytes = 1 << 20;
  const moved = pairs.map(async ({ agent, client }, index) => {
    const accepted = agent.listen({ port: 80 }).accept();
    const from = connStream(await client.connect({ port: 80 }));
    const to = connStream(await accepted);
    const written = from.write(new Uint8Array(lengthBytes).fill(index + 1));
    let count = 0;
    while (count < lengthBytes) {
      const chunk = (await to.read())!;
      assert.ok(chunk.every((byte) => byte === index + 1), `tunnel ${index} at ${count}`);
      count += chunk.length;
    }
    await written;
    client.close();
    await agent.closed;
  });
  await Promise.all(moved);
});
