import assert from "node:assert/strict";
import {
  dial,
  echo,
  Fabric,
  freePort,
  isGone,
  noise,
  readExactly,
  readToEnd,
  sha256,
  Target,
  until,
  within,
  writeAll,
} from "../rig/mod.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Reads until the other side has ended or reset the connection; the number of bytes that came. */
async function readUntilGone(connection: Deno.Conn): Promise<number> {
  const buffer = new Uint8Array(64 * 1024);
  let lengthBytes = 0;
  try {
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) break;
      lengthBytes += count;
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  return lengthBytes;
}

/** Writes until the connection no longer takes anything because its other side is gone. */
async function writeUntilGone(connection: Deno.Conn): Promise<void> {
  const chunk = noise(64 * 1024, 7);
  try {
    for (;;) await writeAll(connection, chunk);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

Deno.test("a half-close by the client reaches the target, whose late answer arrives (agent 26, client 46)", async () => {
  await using target = new Target(async (connection) => {
    const question = await readToEnd(connection);
    await writeAll(connection, encode(`answer to ${decode(question)}`));
  });
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  using connection = await dial(fabric.localPort());
  await writeAll(connection, encode("a question"));
  await connection.closeWrite();
  const answer = within(readToEnd(connection), { what: "the answer" });
  assert.equal(decode(await answer), "answer to a question");
});

Deno.test("a half-close by the target reaches the client, whose late words arrive (agent 27, client 46)", async () => {
  const heard = Promise.withResolvers<string>();
  await using target = new Target(async (connection) => {
    await writeAll(connection, encode("all I have to say"));
    await connection.closeWrite();
    heard.resolve(decode(await readToEnd(connection)));
  });
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  using connection = await dial(fabric.localPort());
  const greeting = within(readToEnd(connection), { what: "the end of the target's words" });
  assert.equal(decode(await greeting), "all I have to say");
  await writeAll(connection, encode("late words"));
  await connection.closeWrite();
  assert.equal(await within(heard.promise, { what: "the client's words" }), "late words");
});

Deno.test("a target that dies while it sends ends the client's connection", async () => {
  await using target = new Target(writeUntilGone);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  using connection = await dial(fabric.localPort());
  await readExactly(connection, 1024 * 1024);
  target.close();
  await within(readUntilGone(connection), { what: "the end of the download" });
});

Deno.test("a target that dies while it receives ends the client's connection", async () => {
  await using target = new Target(async (connection) => void await readUntilGone(connection));
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  using connection = await dial(fabric.localPort());
  const writing = writeUntilGone(connection);
  await target.waitForOpen(1);
  target.close();
  await within(writing, { what: "the end of the upload" });
});

Deno.test("a client connection that is closed early ends the target's connection", async () => {
  await using target = new Target(writeUntilGone);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  {
    using connection = await dial(fabric.localPort());
    await readExactly(connection, 1024 * 1024);
  }
  await target.waitForOpen(0);
});

Deno.test("a refused target ends the client's connection without data (agent 25, client 45)", async () => {
  await using fabric = await Fabric.start({ targetPorts: [freePort()] });
  using connection = await dial(fabric.localPort());
  const end = within(readUntilGone(connection), { what: "the end of a refused connection" });
  assert.equal(await end, 0);
});

Deno.test("a port that the agent does not list ends the client's connection (agent 24, client 45)", async () => {
  await using listed = new Target(echo);
  await using unlisted = new Target(echo);
  await using fabric = await Fabric.start({
    targetPorts: [listed.port],
    remotePorts: [unlisted.port, listed.port],
  });
  using refused = await dial(fabric.localPort(0));
  const end = within(readUntilGone(refused), { what: "the end of an unlisted connection" });
  assert.equal(await end, 0);
  assert.equal(unlisted.openCount, 0);
  using served = await dial(fabric.localPort(1));
  await writeAll(served, encode("x"));
  assert.equal(decode(await readExactly(served, 1)), "x");
});

Deno.test("a reader that stops reading holds up only itself, in bounded memory", async () => {
  const all = noise(64 * 1024 * 1024, 64);
  let sentBytes = 0;
  await using target = new Target(async (connection) => {
    await readExactly(connection, 1);
    while (sentBytes < all.length) {
      sentBytes += await connection.write(all.subarray(sentBytes, sentBytes + 64 * 1024));
    }
  });
  await using other = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port, other.port] });
  using stalled = await dial(fabric.localPort(0));
  await writeAll(stalled, encode("x"));
  let seenBytes = -1;
  let polls = 0;
  await until(() => {
    polls = sentBytes === seenBytes && sentBytes > 0 ? polls + 1 : 0;
    seenBytes = sentBytes;
    return polls >= 25;
  }, { what: "the target to be held up by the stalled reader" });
  assert.ok(sentBytes < all.length / 2, `${sentBytes} bytes are held for a stalled reader`);

  using lively = await dial(fabric.localPort(1));
  const bytes = noise(1024 * 1024, 1);
  const [returned] = await within(
    Promise.all([readExactly(lively, bytes.length), writeAll(lively, bytes)]),
    { what: "an exchange beside the stalled reader" },
  );
  assert.equal(sha256(returned), sha256(bytes));

  const received = await within(readToEnd(stalled), { what: "the rest for the stalled reader" });
  assert.equal(sha256(received), sha256(all));
});

Deno.test("1,000 connections opened and dropped in a burst leave nothing behind", async () => {
  await using target = new Target(echo);
  await using fabric = await Fabric.start({ targetPorts: [target.port] });
  const port = fabric.localPort();
  const drop = async (i: number) => {
    using connection = await dial(port);
    // Some are dropped before they are through, some in the midst of it, some with an answer due.
    if (i % 3 > 0) await connection.write(encode("x"));
    if (i % 3 > 1) await readExactly(connection, 1);
  };
  await Promise.all(Array.from({ length: 1000 }, (_, i) => drop(i)));
  using connection = await dial(port);
  await writeAll(connection, encode("y"));
  assert.equal(decode(await within(readExactly(connection, 1), { what: "the echo" })), "y");
  // Those that were dropped early may reach the target only now; they leave it, too.
  await target.waitForOpen(1);
  assert.ok(fabric.agent.mark() < 20 && fabric.client.mark() < 20, "no line for each of them");
});
