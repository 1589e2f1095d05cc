import assert from "node:assert/strict";
import { Recorder } from "./recorder.ts";

const MARKER = "a marker that would give the hub away";

/** A WebSocket service on a port of its own that answers each text with the same text. */
function echoServer(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  });
}

/** What the WebSocket at `port` answers to `text`. */
async function ask(port: number, text: string): Promise<string> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  socket.onopen = () => socket.send(text);
  socket.onmessage = ({ data }) => resolve(data);
  socket.onerror = () => reject(new Error("the socket failed"));
  const answer = await promise;
  const closed = new Promise((done) => socket.onclose = done);
  socket.close();
  await closed;
  return answer;
}

for (const lengthBytes of [37, 300, 70_000]) {
  Deno.test(`Recorder finds a marker in a masked message of ${lengthBytes} bytes`, async () => {
    await using server = echoServer();
    await using recorder = new Recorder(server.addr.port);
    const text = MARKER.repeat(Math.ceil(lengthBytes / MARKER.length)).slice(0, lengthBytes);
    assert.equal(await ask(recorder.port, text), text);
    assert.ok(recorder.contains(MARKER));
    assert.ok(recorder.lengthBytes > 2 * lengthBytes);
  });
}

Deno.test("Recorder does not find a marker that did not pass", async () => {
  await using server = echoServer();
  await using recorder = new Recorder(server.addr.port);
  await ask(recorder.port, "something else");
  assert.ok(recorder.contains("something else"));
  assert.equal(recorder.contains(MARKER), false);
});
