import assert from "node:assert/strict";
import {
  dial,
  echo,
  newToken,
  readExactly,
  Recorder,
  startAgent,
  startClient,
  startHub,
  Target,
  writeAll,
} from "../rig/mod.ts";

/** Every file under `directory`, read as text. */
async function* filesUnder(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) yield* filesUnder(path);
    else yield await Deno.readTextFile(path);
  }
}

Deno.test("a marker sent through the tunnel never shows in what the hub sends, receives or stores", async () => {
  const directory = await Deno.makeTempDir({ prefix: "tela-" });
  try {
    const token = newToken();
    const marker = newToken();
    let arrived = "";
    await using target = new Target(async (connection) => {
      const bytes = await readExactly(connection, marker.length * 1000);
      arrived = new TextDecoder().decode(bytes);
      await writeAll(connection, bytes);
      await echo(connection);
    });
    const home = `${directory}/hub`;
    const hub = await startHub({ home, ownerToken: token });
    await using hubProcess = hub.process;
    await using recorder = new Recorder(hub.port);
    const hubUrl = `ws://127.0.0.1:${recorder.port}`;
    await using _agent = await startAgent(
      { hubUrl, token, home: `${directory}/agent` },
      String(target.port),
    );
    const client = await startClient({ hubUrl, token, home: `${directory}/client` }, [target.port]);
    await using _client = client.process;

    const sent = marker.repeat(1000);
    {
      using connection = await dial(client.localPorts[0]!);
      await writeAll(connection, new TextEncoder().encode(sent));
      const returned = await readExactly(connection, sent.length);
      assert.equal(new TextDecoder().decode(returned), sent);
    }
    assert.equal(arrived, sent, "the marker reached the target");

    // Into the hub and out of it, there and back.
    assert.ok(
      recorder.lengthBytes > 4 * sent.length,
      `only ${recorder.lengthBytes} bytes recorded`,
    );
    assert.ok(recorder.contains(`"connect"`), "the recorder reads the hub's messages");
    assert.equal(recorder.contains(marker), false);
    assert.equal(hubProcess.output.includes(marker), false);
    let files = 0;
    for await (const text of filesUnder(home)) {
      files++;
      assert.equal(text.includes(marker), false);
    }
    assert.ok(files > 0, "the hub has stored its configuration");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
