import assert from "node:assert/strict";
import { type Host, runDir, systemDir, userDir } from "./places.ts";

function host(os: Host["os"], env: Record<string, string>): Host {
  return { os, env: (name) => env[name] };
}

Deno.test("userDir(), systemDir() and runDir() follow the system (agent 1.4)", () => {
  const unix = { HOME: "/home/a", APPDATA: "/ignored" };
  const windows = { APPDATA: "C:\\A\\Roaming", USERPROFILE: "C:\\A", ProgramData: "D:\\PD" };
  const cases: [Host, user: string, system: string][] = [
    [host("linux", unix), "/home/a/.tela", "/etc/tela"],
    [host("darwin", unix), "/home/a/.tela", "/etc/tela"],
    [host("windows", windows), "C:\\A\\Roaming\\tela", "D:\\PD\\Tela"],
    [host("windows", { USERPROFILE: "C:\\A" }), "C:\\A\\.tela", "C:\\ProgramData\\Tela"],
  ];
  for (const [machine, user, system] of cases) {
    assert.equal(userDir(machine), user);
    assert.equal(systemDir(machine), system);
    assert.equal(runDir(machine), user + (machine.os === "windows" ? "\\run" : "/run"));
  }
});

Deno.test("userDir() says what is missing when there is no home directory", () => {
  assert.throws(() => userDir(host("linux", {})), {
    name: "ConfigError",
    message: "Cannot find your home directory: HOME is not set",
  });
});
