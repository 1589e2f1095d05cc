import assert from "node:assert/strict";
import { cliSections } from "./cli.js";

Deno.test("cliSections() fills in the addresses of the hub everywhere", () => {
  const hub = { ws: "wss://hub.example", http: "https://hub.example" };
  const commands = cliSections(hub).flatMap((section) => section.commands.map(([, text]) => text));
  assert.ok(commands.includes("tela machines -hub wss://hub.example"));
  assert.ok(commands.includes("telahubd health -url https://hub.example"));
  for (const command of commands) {
    assert.doesNotMatch(command, /[{}]/);
    assert.match(command, /^(tela|telad|telahubd) /);
  }
});
