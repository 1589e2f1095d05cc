import assert from "node:assert/strict";
import { decodeHex } from "../../core/bytes/mod.ts";
import { MemoryIo, run } from "../../core/cli/mod.ts";
import { HubProcess, inTemporaryFolder, RawClient } from "../testing/mod.ts";
import { telahubd } from "./program.ts";
import { planUdpHost } from "./run_udp_host.ts";

const SECRET = "correct horse battery staple";
const OWNER = "owner-token";
const ON_UNIX = { ignore: Deno.build.os === "windows" };
const NO_FLAGS = { hub: undefined, host: undefined, port: undefined, "secret-file": undefined };

Deno.test("planUdpHost() takes flags, else the environment, else the default port", () => {
  const env = new Map([
    ["TELA_HUB", "wss://hub.example/tela/"],
    ["TELAHUBD_UDP_HOST", "udp.example"],
    ["TELAHUBD_UDP_PORT", "5000"],
  ]);
  const plan = (flags: object) => planUdpHost({ ...NO_FLAGS, ...flags }, (name) => env.get(name));
  const url = "wss://hub.example/tela/udp-relay";
  assert.deepEqual(plan({}), { url, host: "udp.example", port: 5000 });
  assert.deepEqual(plan({ hub: "ws://h:81", host: "192.0.2.1", port: 0 }), {
    url: "ws://h:81/udp-relay",
    host: "192.0.2.1",
    port: 0,
  });
  env.set("TELAHUBD_UDP_PORT", "70000");
  assert.equal(plan({}).port, 41820);
  for (const bad of [{ hub: "https://h" }, { hub: "h" }, { host: "a b" }, { host: "" }]) {
    assert.throws(() => plan(bad), { name: "UsageError" });
  }
});

const BAD_STARTS: [name: string, args: string[], env: Record<string, string>, code: number][] = [
  ["no hub", ["-host", "h"], { TELAHUBD_UDP_RELAY_SECRET: SECRET }, 2],
  ["no host", ["-hub", "ws://h"], { TELAHUBD_UDP_RELAY_SECRET: SECRET }, 2],
  ["no secret", ["-hub", "ws://h", "-host", "h"], {}, 3],
  ["a short secret", ["-hub", "ws://h", "-host", "h"], { TELAHUBD_UDP_RELAY_SECRET: "s3cret" }, 3],
  ["no secret file", ["-hub", "ws://h", "-host", "h", "-secret-file", "/nonexistent"], {}, 3],
];

for (const [name, args, env, code] of BAD_STARTS) {
  Deno.test(`telahubd udp-relay with ${name} says so and exits with ${code}`, async () => {
    const io = new MemoryIo({ args: ["udp-relay", ...args], env });
    assert.equal(await run(telahubd, io), code);
    assert.match(io.err, /^Error: |^Cannot|^No secret|must be/m);
    assert.ok(!io.err.includes("s3cret"));
  });
}

Deno.test(
  "telahubd udp-relay warns of a secret that others can read, and refuses a short one",
  ON_UNIX,
  () =>
    inTemporaryFolder(async (dir) => {
      const path = `${dir}/secret`;
      await Deno.writeTextFile(path, "s3cret\n");
      await Deno.chmod(path, 0o644);
      const args = ["udp-relay", "-hub", "ws://h", "-host", "h", "-secret-file", path];
      const io = new MemoryIo({ args });
      assert.equal(await run(telahubd, io), 3);
      assert.ok(io.err.includes(`others can read ${path} (mode 0644)`), io.err);
      assert.match(io.err, /expected at least 16 characters/);
      assert.ok(!io.err.includes("s3cret"));
    }),
);

interface Offer {
  token: string;
  port: number;
  host: string;
}

const register = { type: "register", agentId: "a", machineName: "barn", token: OWNER };

/** A session by hand, with what was offered to each end, if anything was. */
class Session {
  private constructor(
    readonly client: RawClient,
    readonly joined: RawClient,
    readonly offers: { agent: Offer; client: Offer } | undefined,
  ) {}

  static async open(port: number, control: RawClient): Promise<Session> {
    const client = await RawClient.upgrade(port);
    await client.send(0x81, { type: "connect", machineId: "barn", wgPubKey: "k", token: OWNER });
    const { sessionId } = await control.nextMessage();
    const joined = await RawClient.upgrade(port);
    await joined.send(0x81, { type: "session-join", machineId: "barn", sessionId });
    await joined.nextMessage();
    await client.nextMessage();
    // What either end sends now arrives behind an offer, if there is one.
    await client.send(0x81, { type: "mark" });
    await joined.send(0x81, { type: "mark" });
    const [agent, own] = [await untilMark(joined), await untilMark(client)];
    return new Session(client, joined, agent && own && { agent, client: own });
  }

  close(): void {
    this.client.close();
    this.joined.close();
  }
}

async function untilMark(socket: RawClient): Promise<Offer | undefined> {
  const first = await socket.nextMessage();
  if (first.type === "mark") return undefined;
  assert.equal(first.type, "udp-offer");
  assert.equal((await socket.nextMessage()).type, "mark");
  return first as unknown as Offer;
}

/** One end on UDP, which asks until it is answered, as datagrams may be lost. */
class UdpEnd {
  readonly #socket = Deno.listenDatagram({ port: 0, hostname: "127.0.0.1", transport: "udp" });
  readonly #token: Uint8Array;
  readonly #to: Deno.NetAddr;

  constructor({ token, host, port }: Offer) {
    this.#token = decodeHex(token)!;
    this.#to = { transport: "udp", hostname: host, port };
  }

  async send(payload: Uint8Array): Promise<void> {
    await this.#socket.send(new Uint8Array([...this.#token, ...payload]), this.#to);
  }

  async next(): Promise<Uint8Array> {
    const [datagram] = await this.#socket.receive(new Uint8Array(65536));
    assert.deepEqual(datagram.slice(0, 8), this.#token);
    return datagram.slice(8);
  }

  async probe(): Promise<void> {
    await this.send(new TextEncoder().encode("PROBE"));
    assert.equal(new TextDecoder().decode(await this.next()), "READY");
  }

  close(): void {
    this.#socket.close();
  }
}

const frame = (hop: number, last: number) => new Uint8Array([0x54, hop, 0, 1, 2, 3, 4, last]);

async function startHost(dir: string, hubPort: number, port: number): Promise<HubProcess> {
  const where = ["-hub", `ws://127.0.0.1:${hubPort}`, "-host", "127.0.0.1", "-port", `${port}`];
  const args = ["udp-relay", ...where, "-secret-file", `${dir}/secret`];
  const host = await HubProcess.start(dir, { args });
  await host.logged(/connected to the hub/);
  return host;
}

Deno.test(
  "a hub without UDP offers a separate host, goes on without when that is killed, and offers it again (wire 16, 27, 28)",
  ON_UNIX,
  () =>
    inTemporaryFolder(async (dir) => {
      await Deno.writeTextFile(`${dir}/secret`, `${SECRET}\n`, { mode: 0o600 });
      const hub = await HubProcess.start(dir, {
        args: ["-port", "0"],
        env: {
          TELA_OWNER_TOKEN: OWNER,
          TELAHUBD_UDP: "off",
          TELAHUBD_UDP_RELAY_SECRET: SECRET,
        },
      });
      const port = await hub.port();
      const control = await RawClient.upgrade(port);
      await control.send(0x81, register);
      await control.nextMessage();
      const before = await Session.open(port, control);
      assert.equal(before.offers, undefined, "no host yet");

      const first = await startHost(dir, port, 0);
      const session = await Session.open(port, control);
      const { offers, client, joined } = session;
      const [agentEnd, clientEnd] = [new UdpEnd(offers!.agent), new UdpEnd(offers!.client)];
      await agentEnd.probe();
      await agentEnd.send(frame(0, 1));
      assert.deepEqual((await client.next())!.payload, frame(7, 1), "by way of the hub");
      await clientEnd.probe();
      await agentEnd.send(frame(0, 2));
      assert.deepEqual(await clientEnd.next(), frame(7, 2), "from UDP to UDP");
      await clientEnd.send(frame(0, 3));
      assert.deepEqual(await agentEnd.next(), frame(7, 3));
      await client.send(0x82, frame(0, 4));
      assert.deepEqual((await joined.next())!.payload, frame(7, 4), "WebSocket stays WebSocket");

      first.signal("SIGKILL");
      await first.ended();
      await hub.logged(/UDP host 127\.0\.0\.1:\d+ lost/);
      await client.send(0x82, frame(0, 5));
      assert.deepEqual((await joined.next())!.payload, frame(7, 5), "the session goes on");
      const between = await Session.open(port, control);
      assert.equal(between.offers, undefined);

      const second = await startHost(dir, port, offers!.agent.port);
      const after = await Session.open(port, control);
      assert.ok(after.offers !== undefined);
      await clientEnd.probe();
      await agentEnd.send(frame(0, 6));
      assert.deepEqual(await clientEnd.next(), frame(7, 6), "sessions of before have UDP again");

      for (const each of [before, session, between, after]) each.close();
      for (const end of [agentEnd, clientEnd]) end.close();
      control.close();
      second.signal("SIGTERM");
      assert.equal((await second.ended()).code, 0, second.log);
      hub.signal("SIGTERM");
      assert.equal((await hub.ended()).code, 0);
      for (const { log } of [hub, first, second]) assert.ok(!log.includes(SECRET));
    }),
);
