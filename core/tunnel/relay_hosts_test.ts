import assert from "node:assert/strict";
import { placeOffer, relayHosts } from "./relay_hosts.ts";

const OFFER = { type: "udp-offer", token: "00112233445566aa", port: 41820 } as const;
const CARRIER = { remote: "192.0.2.1:443", urlHost: "hub.example" };

Deno.test("relayHosts() of a client: offered, the socket's other end, the URL's (wire 50)", () => {
  const hosts = (host?: string) =>
    relayHosts("client", { offer: { ...OFFER, host }, carrier: CARRIER });
  assert.deepEqual(hosts("udp.example"), ["udp.example", "192.0.2.1", "hub.example"]);
  assert.deepEqual(hosts(), ["192.0.2.1", "hub.example"]);
  assert.deepEqual(hosts("192.0.2.1"), ["192.0.2.1", "hub.example"]);
  const v6 = { remote: "2001:db8::1:443", urlHost: undefined };
  assert.deepEqual(relayHosts("client", { offer: OFFER, carrier: v6 }), ["2001:db8::1"]);
});

Deno.test("relayHosts() of an agent: the offered one, or else the URL's (wire 5.2)", () => {
  const hosts = (host?: string) =>
    relayHosts("agent", { offer: { ...OFFER, host }, carrier: CARRIER });
  assert.deepEqual(hosts("udp.example"), ["udp.example"]);
  assert.deepEqual(hosts(), ["hub.example"]);
});

Deno.test("placeOffer() allows a hub on this machine where its WebSocket leads there", () => {
  const offer = { type: "udp-offer", token: "00112233445566aa", port: 41_820 } as const;
  const places = [["127.0.0.1:80", true], ["[::1]:80", true], ["192.0.2.1:80", false]] as const;
  for (const [remote, allowLoopback] of places) {
    const placed = placeOffer("client", { offer, carrier: { remote, urlHost: "hub.example" } });
    assert.equal(placed.allowLoopback, allowLoopback);
    assert.deepEqual(placed.hosts, [remote.slice(0, -3), "hub.example"]);
  }
});
