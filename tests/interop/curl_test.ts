import assert from "node:assert/strict";
import { Fabric, noise, programTest, run, sha256 } from "../rig/mod.ts";

const FILE_BYTES = 200_000_000;

programTest({
  name: "curl fetches a file of 200 MB through the tunnel",
  needs: ["curl"],
  async fn({ curl }) {
    const directory = await Deno.makeTempDir({ prefix: "tela-curl-" });
    try {
      const file = noise(FILE_BYTES, 200);
      await using server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        () => new Response(file),
      );
      await using fabric = await Fabric.start({ targetPorts: [server.addr.port] });
      const fetched = `${directory}/fetched`;
      const url = `http://127.0.0.1:${fabric.localPort()}/file`;
      const size = await run({
        command: curl,
        args: ["-q", "-sS", "--fail", "-o", fetched, "-w", "%{size_download}", url],
        env: {},
      });
      assert.equal(size, `${FILE_BYTES}\n`);
      assert.equal(sha256(await Deno.readFile(fetched)), sha256(file));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
