import assert from "node:assert/strict";
import { Fabric, noise, programTest, run, sha256 } from "../rig/mod.ts";
import { OPENSSH, Sshd } from "./sshd.ts";

const FILE_BYTES = 50_000_000;

programTest({
  name: "OpenSSH runs a command and copies 50 MB both ways through the tunnel",
  needs: OPENSSH,
  async fn(programs) {
    const directory = await Deno.makeTempDir({ prefix: "tela-ssh-" });
    try {
      await using sshd = await Sshd.start(programs, directory);
      await using fabric = await Fabric.start({ targetPorts: [sshd.port] });
      const port = String(fabric.localPort());
      const options = sshd.clientOptions;

      const command = "echo from the other side; exit 0";
      const said = await run({
        command: programs.ssh,
        args: [...options, "-p", port, "127.0.0.1", command],
      });
      assert.equal(said, "from the other side\n");

      const sent = noise(FILE_BYTES, 50);
      await Deno.writeFile(`${directory}/sent`, sent);
      const remote = `127.0.0.1:${directory}/there`;
      const copy = (...paths: string[]) =>
        run({ command: programs.scp, args: [...options, "-P", port, ...paths] });
      await copy(`${directory}/sent`, remote);
      assert.equal(sha256(await Deno.readFile(`${directory}/there`)), sha256(sent));
      await copy(remote, `${directory}/back`);
      assert.equal(sha256(await Deno.readFile(`${directory}/back`)), sha256(sent));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
