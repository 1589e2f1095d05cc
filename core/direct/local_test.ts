import assert from "node:assert/strict";
import { parseEndpoint } from "../endpoint/mod.ts";
import { hostEndpoints, ownCandidates } from "./local.ts";

const INTERFACES = [
  "127.0.0.1",
  "203.0.113.1",
  "192.168.1.7",
  "169.254.9.9",
  "fe80::1",
  "::1",
  "2001:db8::7",
  "fd00::7",
  "192.168.1.7",
].map((address) => ({ address }));

const texts = (options: Parameters<typeof hostEndpoints>[1]) =>
  hostEndpoints(INTERFACES, options).map(({ text }) => text);

Deno.test("hostEndpoints() lists what others can reach, nearest first", () => {
  assert.deepEqual(texts({ ports: { ipv4: 4000, ipv6: 6000 }, allowLoopback: false }), [
    "192.168.1.7:4000",
    "[fd00::7]:6000",
    "203.0.113.1:4000",
    "[2001:db8::7]:6000",
  ]);
});

Deno.test("hostEndpoints() leaves out families without a socket", () => {
  assert.deepEqual(texts({ ports: { ipv4: 4000 }, allowLoopback: true }), [
    "127.0.0.1:4000",
    "192.168.1.7:4000",
    "203.0.113.1:4000",
  ]);
  assert.deepEqual(texts({ ports: {}, allowLoopback: true }), []);
});

Deno.test("hostEndpoints() names the sockets alone when addresses may not be read", () => {
  const ports = { ipv4: 4000, ipv6: 6000 };
  const all = hostEndpoints([], { ports, allowLoopback: false });
  assert.deepEqual(all.map(({ text }) => text), ["0.0.0.0:4000", "[::]:6000"]);
  const one = hostEndpoints([], { ports: { ipv4: 4000 }, allowLoopback: false });
  assert.deepEqual(one.map(({ text }) => text), ["0.0.0.0:4000"]);
  const mapped = parseEndpoint("203.0.113.1:5000")!;
  assert.deepEqual(ownCandidates(all, [mapped]), [mapped]);
});

Deno.test("hostEndpoints() lists ten at most, and ownCandidates() sixteen", () => {
  const many = Array.from({ length: 40 }, (_, i) => ({ address: `10.0.0.${i + 1}` }));
  const hosts = hostEndpoints(many, { ports: { ipv4: 4000 }, allowLoopback: false });
  assert.equal(hosts.length, 10);
  const mapped = Array.from({ length: 20 }, (_, i) => parseEndpoint(`203.0.113.1:${i + 1}`)!);
  assert.deepEqual(ownCandidates(hosts, mapped), [...hosts, ...mapped.slice(0, 6)]);
  assert.deepEqual(ownCandidates(hosts, hosts.slice(0, 3)), hosts);
});
