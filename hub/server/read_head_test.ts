import assert from "node:assert/strict";
import { ManualClock, Waits } from "../../core/clock/mod.ts";
import { RawClient, UPGRADE_HEADERS } from "../testing/mod.ts";
import { withHub } from "./_started_hub.ts";
import { readHead, spend } from "./read_head.ts";

const HEAD = "GET / HTTP/1.1\r\nHost: hub\r\n\r\n";
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A connection on which these pieces come, and then its end. */
function connOf(...pieces: string[]): Pick<Deno.TcpConn, "read"> {
  return {
    read(buffer) {
      const piece = pieces.shift();
      if (piece === undefined) return Promise.resolve(null);
      const taken = piece.slice(0, buffer.length);
      if (taken.length < piece.length) pieces.unshift(piece.slice(taken.length));
      buffer.set(bytes(taken));
      return Promise.resolve(taken.length);
    },
  };
}

const never = () => assert.fail("it was not late");

Deno.test("readHead() finds the head and what is behind it at every split", async () => {
  const waits = new Waits(new ManualClock(), 1000);
  const all = `${HEAD}behind`;
  for (let split = 1; split < all.length; split++) {
    const conn = connOf(all.slice(0, split), all.slice(split));
    const head = await readHead(conn, { waits, onLate: never });
    assert.equal(head!.text, HEAD.slice(0, -4));
    assert.ok("behind".startsWith(text(head!.rest)));
    assert.equal(text(head!.bytes), HEAD + text(head!.rest));
    spend(head!);
  }
});

Deno.test("readHead() reads long heads too, after short ones and before", async () => {
  const waits = new Waits(new ManualClock(), 1000);
  for (const length of [0, 5000, 10, 1990, 12_000, 0]) {
    const sent = HEAD.replace("hub", "h".repeat(length));
    const head = await readHead(connOf(sent), { waits, onLate: never });
    assert.equal(head!.text, sent.slice(0, -4));
    assert.equal(head!.rest.length, 0);
    spend(head!);
  }
});

Deno.test("spend() leaves what was behind a head, and gives its buffer to the next", async () => {
  const waits = new Waits(new ManualClock(), 1000);
  const first = await readHead(connOf(`${HEAD}behind`), { waits, onLate: never });
  spend(first!);
  const second = await readHead(connOf(`${HEAD}second`), { waits, onLate: never });
  assert.equal(second!.bytes.buffer, first!.bytes.buffer);
  assert.equal(text(first!.rest), "behind");
});

Deno.test("readHead() gives up what cannot be a head, and what ends before it is one", async () => {
  const waits = new Waits(new ManualClock(), 1000);
  const tls = await readHead(connOf("\x16\x03\x01 and more"), { waits, onLate: never });
  assert.equal(tls!.text, undefined);
  assert.equal(text(tls!.bytes), "\x16\x03\x01 and more");
  assert.equal(await readHead(connOf("GET / HT"), { waits, onLate: never }), undefined);
});

Deno.test("readHead() says once that a head is late, and leaves no timer when it is not", async () => {
  const clock = new ManualClock();
  const waits = new Waits(clock, 1000);
  await readHead(connOf(HEAD), { waits, onLate: never });
  assert.equal(clock.nextTimerMs(), Infinity);
  const { promise, resolve } = Promise.withResolvers<null>();
  let late = 0;
  const onLate = () => {
    late++;
    resolve(null);
  };
  const reading = readHead({ read: () => promise }, { waits, onLate });
  clock.advance(999);
  assert.equal(late, 0);
  clock.advance(1001);
  assert.equal(await reading, undefined);
  assert.equal(late, 1);
});

Deno.test("frames that come with the head are answered to their own sender, however many", () =>
  withHub(async ({ port }) => {
    const head = ["GET / HTTP/1.1", "Host: hub", ...UPGRADE_HEADERS, "", ""].join("\r\n");
    const greet = async (i: number) => {
      const client = await RawClient.connect(port);
      const payload = bytes(`I am ${i}`);
      const ping = [0x89, 0x80 | payload.length, 0, 0, 0, 0, ...payload];
      await client.write(new Uint8Array([...bytes(head), ...ping]));
      while (await client.line() !== "");
      const pong = await client.next();
      client.close();
      assert.equal(pong!.first, 0x8a);
      assert.equal(text(pong!.payload), `I am ${i}`);
    };
    await Promise.all(Array.from({ length: 50 }, (_, i) => greet(i)));
  }));
