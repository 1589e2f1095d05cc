import assert from "node:assert/strict";
import { inTemporaryFolder } from "../testing/mod.ts";
import { removeControlFile, writeControlFile } from "./control_file.ts";

Deno.test("the control file names process and port, is private, and goes with its hub", {
  ignore: Deno.build.os === "windows",
}, () =>
  inTemporaryFolder(async (home) => {
    const host = { os: Deno.build.os, env: (name: string) => name === "HOME" ? home : undefined };
    const path = `${home}/.tela/run/telahubd.json`;
    await writeControlFile(host, { pid: 7, port: 8080, name: "lab" });
    assert.deepEqual(JSON.parse(await Deno.readTextFile(path)), {
      pid: 7,
      port: 8080,
      name: "lab",
      adminPort: 8080,
    });
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.equal((await Deno.stat(`${home}/.tela/run`)).mode! & 0o777, 0o700);
    await removeControlFile(host, 8);
    assert.ok(await Deno.stat(path), "another hub's file stays");
    await removeControlFile(host, 7);
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
    await removeControlFile(host, 7);
  }));
