import assert from "node:assert/strict";
import { Keypair } from "./keypair.ts";
import { Keypairs } from "./keypairs.ts";

/** A keypair that tells whether it has been wiped. */
class Watched extends Keypair {
  wipes = 0;

  constructor(localIndex: number, isInitiator: boolean) {
    const keys = { send: new Uint8Array(32), receive: new Uint8Array(32) };
    super(keys, { localIndex, remoteIndex: localIndex, isInitiator, nowMs: 0 });
  }

  override wipe(): void {
    this.wipes++;
    super.wipe();
  }
}

const EVENTS = ["initiated", "initiated, prefers next", "responded", "confirmed"] as const;
type Event = typeof EVENTS[number];

/** Every order of so many events. */
function orders(length: number): Event[][] {
  if (length === 0) return [[]];
  return orders(length - 1).flatMap((head) => EVENTS.map((event) => [...head, event]));
}

Deno.test("Keypairs wipes whatever loses its place, once, and nothing else, in any order of events", () => {
  for (const order of orders(5)) {
    const pairs = new Keypairs();
    const all: Watched[] = [];
    for (const event of order) {
      if (event === "confirmed") {
        const answered = all.findLast(({ isInitiator, wipes }) => !isInitiator && wipes === 0);
        if (answered !== undefined) pairs.confirm(answered);
      } else {
        const keypair = new Watched(all.length + 1, event !== "responded");
        all.push(keypair);
        if (event === "responded") pairs.installAsResponder(keypair);
        else pairs.installAsInitiator(keypair, { prefersNext: event !== "initiated" });
      }
      for (const { localIndex, wipes } of all) {
        const isAlive = pairs.find(localIndex) !== undefined;
        assert.equal(wipes, isAlive ? 0 : 1, `keypair ${localIndex} of ${order.join("; ")}`);
      }
    }
    pairs.clear();
    assert.ok(all.every(({ wipes }) => wipes === 1), order.join("; "));
  }
});
