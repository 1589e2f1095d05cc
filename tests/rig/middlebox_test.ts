import assert from "node:assert/strict";
import { Middlebox } from "./middlebox.ts";
import { dial, echo, readExactly, Target, writeAll } from "./tcp.ts";
import { UdpDetour } from "./udp_detour.ts";
import { until } from "./until.ts";

const portOf = (box: Middlebox) => Number(new URL(box.url).port);

async function exchange(connection: Deno.TcpConn, byte: number): Promise<void> {
  await writeAll(connection, new Uint8Array([byte]));
  assert.equal((await readExactly(connection, 1))[0], byte);
}

Deno.test("Middlebox holds TCP of old and new connections until it is told to release it", async () => {
  await using target = new Target(echo);
  await using box = new Middlebox(() => target.port);
  using old = await dial(portOf(box));
  await exchange(old, 1);
  assert.equal(box.passedTcpBytes, 2);
  box.holdTcp();
  using next = await dial(portOf(box));
  const exchanges = Promise.all([exchange(old, 2), exchange(next, 3)]);
  assert.equal(target.openCount, 1);
  box.releaseTcp();
  await exchanges;
  assert.equal(box.passedTcpBytes, 6);
});

Deno.test("Middlebox leaves half-open sockets behind, and passes new connections", async () => {
  await using target = new Target(echo);
  await using box = new Middlebox(() => target.port);
  using old = await dial(portOf(box));
  await exchange(old, 1);
  let ended = false;
  const reading = old.read(new Uint8Array(1)).catch(() => null).then(() => ended = true);
  assert.equal(box.forgetTcp(), 1);
  await target.waitForOpen(0);
  await writeAll(old, new Uint8Array([2]));
  using next = await dial(portOf(box));
  await exchange(next, 3);
  assert.equal(box.forgetTcp(), 1);
  assert.equal(ended, false);
  old.close();
  await reading;
});

Deno.test("Middlebox puts its own UDP port in the place of the hub's", async () => {
  const text = `{"type":"udp-offer","token":"00112233445566aa","port":41820}`;
  await using target = new Target((connection) =>
    writeAll(connection, new TextEncoder().encode(text))
  );
  await using box = new Middlebox(() => target.port);
  using connection = await dial(portOf(box));
  const seen = new TextDecoder().decode(await readExactly(connection, text.length));
  assert.equal(JSON.parse(seen).port, box.udp.port);
  assert.equal(box.udp.hubPort, 41820);
});

Deno.test("UdpDetour passes both ways, blocks, and changes the port that the hub sees", async () => {
  const bind = () => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const [hub, peer] = [bind(), bind()];
  await using detour = new UdpDetour();
  detour.hubPort = (hub.addr as Deno.NetAddr).port;
  const to = { transport: "udp", hostname: "127.0.0.1", port: detour.port } as const;
  const seen = async (byte: number) => {
    await peer.send(new Uint8Array([byte]), to);
    const [bytes, from] = await hub.receive();
    await hub.send(bytes, from);
    assert.deepEqual([...(await peer.receive())[0]], [byte]);
    return (from as Deno.NetAddr).port;
  };
  const first = await seen(1);
  assert.equal(await seen(2), first);
  assert.equal(detour.rebind(), 1);
  assert.notEqual(await seen(3), first);
  detour.blocked = true;
  const { passed, dropped } = detour;
  await peer.send(new Uint8Array([4]), to);
  await until(() => detour.dropped === dropped + 1, { what: "the datagram to be dropped" });
  assert.equal(detour.passed, passed);
  detour.blocked = false;
  await seen(5);
  hub.close();
  peer.close();
});
