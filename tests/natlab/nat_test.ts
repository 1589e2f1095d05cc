import assert from "node:assert/strict";
import { type Endpoint, makeEndpoint } from "../../core/endpoint/mod.ts";
import type { Host } from "./host.ts";
import { Lab } from "./lab.ts";
import type { NatBehaviour } from "./nat.ts";

const BYTES = Uint8Array.of(1, 2, 3);

/** A host behind a NAT, and two outside that are heard from and hear. */
class Rig {
  readonly lab = new Lab({ seed: 1 });
  readonly site;
  readonly inside: Host;
  readonly outside: Host[];
  /** Where from the hosts outside were reached, in their order. */
  readonly seen: (string | undefined)[] = [];
  /** Where from the host inside was reached. */
  readonly heard: string[] = [];
  readonly #socket;
  readonly #ports;

  constructor(behaviour: NatBehaviour) {
    this.site = this.lab.site([behaviour]);
    this.inside = this.lab.host(this.site);
    const internet = this.lab.site("none");
    this.outside = [this.lab.host(internet), this.lab.host(internet)];
    this.#socket = this.inside.bind((_, source) => void this.heard.push(source.text));
    // Two ports each: 7000 and 7001.
    this.#ports = this.outside.flatMap((host, i) =>
      [7000, 7001].map((port) =>
        host.bind((_, source) => void (this.seen[2 * i + port - 7000] = source.text), port)
      )
    );
  }

  /** Endpoint number `i`: two ports of the first host, two of the second. */
  endpoint(i: number): Endpoint {
    return makeEndpoint(this.outside[i >> 1]!.addresses[0]!, 7000 + (i & 1))!;
  }

  /** Sends from the inside to endpoint `i`; answers what it saw. */
  out(i: number): string | undefined {
    this.seen[i] = undefined;
    this.#socket.send(BYTES, this.endpoint(i));
    this.lab.runUntil(this.lab.clock.nowMs() + 100);
    return this.seen[i];
  }

  /** Sends from endpoint `i` to `to`; whether it came in. */
  comesIn(i: number, to: string): boolean {
    const [host, port] = to.split(":") as [string, string];
    this.heard.length = 0;
    this.#ports[i]!.send(BYTES, makeEndpoint(host, Number(port))!);
    this.lab.runUntil(this.lab.clock.nowMs() + 100);
    return this.heard.length === 1;
  }
}

Deno.test("Nat maps and filters as each kind does", () => {
  const cases: [NatBehaviour, { ports: number; lets: boolean[] }][] = [
    [{ mapping: "nothing", filtering: "nothing" }, { ports: 1, lets: [true, true, true] }],
    [{ mapping: "nothing", filtering: "address" }, { ports: 1, lets: [true, true, false] }],
    [{ mapping: "nothing", filtering: "address-and-port" }, {
      ports: 1,
      lets: [true, false, false],
    }],
    [{ mapping: "address", filtering: "address" }, { ports: 2, lets: [true, true, false] }],
    [{ mapping: "address-and-port", filtering: "address-and-port" }, {
      ports: 3,
      lets: [true, false, false],
    }],
  ];
  for (const [behaviour, { ports, lets }] of cases) {
    const rig = new Rig(behaviour);
    const mapped = rig.out(0)!;
    const name = `${behaviour.mapping}, ${behaviour.filtering}`;
    assert.deepEqual([0, 1, 2].map((i) => rig.comesIn(i, mapped)), lets, name);
    assert.equal(new Set([mapped, rig.out(1), rig.out(2)]).size, ports, name);
    assert.equal(rig.out(0), mapped, "what is used stays");
  }
});

Deno.test("Nat lets nothing in that was not asked for", () => {
  const rig = new Rig({ mapping: "nothing", filtering: "nothing" });
  for (let port = 1024; port < 65_536; port += 997) {
    assert.equal(rig.comesIn(0, `${rig.site.nats[0]!.address}:${port}`), false);
  }
});

Deno.test("Nat forgets a mapping that is not used, or when told to", () => {
  const rig = new Rig({ mapping: "nothing", filtering: "nothing", timeoutMs: 10_000 });
  const mapped = rig.out(0)!;
  rig.lab.runUntil(rig.lab.clock.nowMs() + 9_000);
  assert.equal(rig.comesIn(1, mapped), true);
  rig.lab.runUntil(rig.lab.clock.nowMs() + 2_000);
  assert.equal(rig.comesIn(1, mapped), false, "what comes in keeps nothing alive");
  const other = rig.out(0)!;
  assert.notEqual(other, mapped);
  rig.site.nats[0]!.rebind();
  assert.equal(rig.comesIn(0, other), false);
  assert.notEqual(rig.out(0), other);
});

Deno.test("Nat that blocks UDP lets nothing through", () => {
  const rig = new Rig({ mapping: "nothing", filtering: "nothing", blocked: true });
  assert.equal(rig.out(0), undefined);
});
