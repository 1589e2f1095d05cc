import assert from "node:assert/strict";
import { withEnvironment } from "./environment.ts";
import { ConfigFile } from "../../core/config/mod.ts";
import { readConfig } from "./read.ts";

const config = readConfig(ConfigFile.parse("f", "name: file\nport: 8080\nudpHost: u\n").root);

Deno.test("withEnvironment() puts the environment above the file (hub 74)", () => {
  const env = new Map([
    ["TELAHUBD_PORT", "0"],
    ["TELAHUBD_UDP_PORT", "5000"],
    ["TELAHUBD_NAME", "env"],
    ["TELAHUBD_WWW_DIR", "w"],
    ["TELAHUBD_UDP_HOST", "h"],
  ]);
  assert.deepEqual(withEnvironment(config, (name) => env.get(name)), {
    ...config,
    port: 0,
    udpPort: 5000,
    name: "env",
    wwwDir: "w",
    udpHost: "h",
  });
});

Deno.test("withEnvironment() ignores ports that are no whole number (hub 74)", () => {
  for (const text of ["", "x", "80x", "-1", "65536", "8e1", " 80"]) {
    assert.deepEqual(withEnvironment(config, (n) => n.endsWith("PORT") ? text : undefined), config);
  }
});
