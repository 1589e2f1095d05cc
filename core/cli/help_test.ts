import assert from "node:assert/strict";
import { command } from "./command.ts";
import { renderHelp } from "./help.ts";

Deno.test("renderHelp() prints the sections in order, flags aligned, in 80 columns", () => {
  const connect = command({
    name: "connect",
    summary: "Connect to a machine",
    description:
      "Opens a WireGuard tunnel to a machine through a hub and binds local ports to the " +
      "services its agent\nexposes.\n\nEnds on Ctrl-C.",
    flags: {
      hub: { type: "string", placeholder: "url", summary: "Hub to dial.", env: "TELA_HUB" },
      mtu: {
        type: "number",
        summary: "Largest inner packet in bytes, of the many there are.",
        default: 1100,
        env: "TELA_MTU",
      },
      v: { type: "boolean", summary: "Log more." },
    },
    positionals: [{ name: "machine", kind: "required" }, { name: "port", kind: "variadic" }],
    examples: ["tela connect barn -hub wss://hub.example.com"],
    seeAlso: ["tela machines", "tela status"],
    run: () => {},
  });
  assert.equal(
    renderHelp("tela connect", connect),
    `tela connect — Connect to a machine

USAGE
  tela connect <machine> [port]... [flags]

DESCRIPTION
  Opens a WireGuard tunnel to a machine through a hub and binds local ports to
  the services its agent exposes.

  Ends on Ctrl-C.

FLAGS
  -hub <url>     Hub to dial. Environment: TELA_HUB.
  -mtu <number>  Largest inner packet in bytes, of the many there are. Default:
                 1100. Environment: TELA_MTU.
  -v             Log more.

EXAMPLES
  tela connect barn -hub wss://hub.example.com

SEE ALSO
  tela machines, tela status
`,
  );
});

Deno.test("renderHelp() omits empty sections and lists sub-commands", () => {
  const list = command({ name: "list", summary: "List them", run: () => {} });
  const remove = command({ name: "remove", summary: "Remove one", run: () => {} });
  const group = command({ name: "group", summary: "Manage them", commands: [list, remove] });
  assert.equal(
    renderHelp("tela group", group),
    `tela group — Manage them

USAGE
  tela group <command> [flags] [args]

DESCRIPTION
  list    List them
  remove  Remove one
`,
  );
});
