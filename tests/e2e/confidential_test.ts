import assert from "node:assert/strict";
import {
  dial,
  echo,
  Fabric,
  newToken,
  readExactly,
  Recorder,
  Target,
  writeAll,
} from "../rig/mod.ts";

/** Text of every file under `directory`. */
async function* filesUnder(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) yield* filesUnder(path);
    else yield await Deno.readTextFile(path);
  }
}

Deno.test("a marker sent through the tunnel never shows in what the hub sends, receives or stores", async () => {
  const marker = newToken();
  const sent = marker.repeat(1000);
  let arrived = "";
  await using target = new Target(async (connection) => {
    const bytes = await readExactly(connection, sent.length);
    arrived = new TextDecoder().decode(bytes);
    await writeAll(connection, bytes);
    await echo(connection);
  });
  await using fabric = await Fabric.create();
  await fabric.startHub();
  await using recorder = new Recorder(fabric.hubPort);
  fabric.hubUrlForPeers = `ws://127.0.0.1:${recorder.port}`;
  // What goes directly shows nowhere here.
  const flags = ["-paths", "websocket"];
  await fabric.startAgent([target.port], flags);
  await fabric.startClient([target.port], flags);

  using connection = await dial(fabric.localPort());
  await writeAll(connection, new TextEncoder().encode(sent));
  const returned = await readExactly(connection, sent.length);
  assert.equal(new TextDecoder().decode(returned), sent);
  assert.ok(arrived === sent, "the marker reached the target in the clear");

  // Into the hub and out of it, there and back.
  assert.ok(recorder.lengthBytes > 4 * sent.length, `only ${recorder.lengthBytes} bytes recorded`);
  assert.ok(recorder.contains(`"session-join"`), "the recorder can read what peers say to the hub");
  assert.equal(recorder.contains(marker), false);
  // All that the hub has to say and to store, and no file that goes while it is read.
  await fabric.stop();
  assert.equal(fabric.hub.output.includes(marker), false);
  let files = 0;
  for await (const text of filesUnder(fabric.home("hub"))) {
    files++;
    assert.equal(text.includes(marker), false);
  }
  assert.ok(files > 0, "the hub has stored something");
});
