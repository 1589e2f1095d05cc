import assert from "node:assert/strict";
import { isGranted, serviceViews } from "./services.ts";

Deno.test("serviceViews() completes descriptions and ignores ports beside them", () => {
  assert.deepEqual(
    serviceViews([
      { port: 22, proto: "TCP" },
      { port: 0, name: "dropped" },
      { port: 5300, name: "bench", description: "d" },
      { port: 3000, name: "", proto: "" },
    ], [80]),
    [
      { port: 22, proto: "tcp", name: "SSH", description: "" },
      { port: 5300, proto: "tcp", name: "bench", description: "d" },
      { port: 3000, proto: "tcp", name: "port 3000", description: "" },
    ],
  );
});

Deno.test("serviceViews() makes a service of each port if none is described", () => {
  const names = serviceViews([], [22, 80, 443, 3389, 5900, 8080, 8443, 9, 0]).map(({ name }) =>
    name
  );
  assert.deepEqual(names, [
    "SSH",
    "HTTP",
    "HTTPS",
    "RDP",
    "VNC",
    "HTTP-Alt",
    "HTTPS-Alt",
    "port 9",
  ]);
  assert.deepEqual(serviceViews(undefined, undefined), []);
});

Deno.test("isGranted() compares exactly and takes port-N for an unnamed service (hub 7)", () => {
  const [ssh, unnamed, named] = serviceViews([{ port: 22 }, { port: 3000 }, {
    port: 3001,
    name: "x",
  }]);
  assert.ok(isGranted(ssh!, ["SSH"]));
  assert.ok(isGranted(ssh!, ["port-22"]));
  assert.ok(!isGranted(ssh!, ["ssh"]));
  assert.ok(isGranted(unnamed!, ["port 3000"]));
  assert.ok(isGranted(unnamed!, ["port-3000"]));
  assert.ok(!isGranted(named!, ["port-3001"]));
});
