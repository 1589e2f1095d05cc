import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeHex } from "../../core/bytes/mod.ts";
import { type FakeSink, type SentDatagram, UdpRig } from "../testing/mod.ts";
import type { UdpPairing } from "./side.ts";

const SEED = 20261121;

type Step =
  | { do: "pair" }
  | { do: "release"; which: number }
  | { do: "wait"; ms: number }
  | { do: "stall"; which: number; end: 0 | 1 }
  | { do: "arrive"; which: number; end: 0 | 1; from: number; payload: string }
  | { do: "mutant"; which: number; end: 0 | 1; lenBytes: number; flip: number };

const which = fc.nat(3);
const end = fc.constantFrom<(0 | 1)[]>(0, 1);
const payload = fc.constantFrom("probe", "data", "data", "data", "last hop", "rubbish", "");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pair") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release"), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.nat(20_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("stall"), which, end }) },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant("arrive"), which, end, from: fc.nat(2), payload }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("mutant"),
      which,
      end,
      lenBytes: fc.nat(40),
      flip: fc.nat(8 * 40 - 1),
    }),
  },
);

interface Pair {
  readonly tokens: readonly [string, string];
  readonly addresses: [string | undefined, string | undefined];
  readonly sinks: readonly [FakeSink, FakeSink];
  readonly pairing: UdpPairing;
  isReleased: boolean;
}

const PAYLOADS: Record<string, readonly number[]> = {
  "probe": [...new TextEncoder().encode("PROBE")],
  "data": [0x54, 0, 0, 1, 2, 3, 4, 0xaa],
  "last hop": [0x54, 1, 0, 1, 2, 3, 4, 0xaa],
  "rubbish": [0x99, 0, 0, 1, 2, 3, 4, 0xaa],
  "": [],
};
const READY = encodeHex(new TextEncoder().encode("READY"));
const DATA = "540700" + "01020304" + "aa";

/** The relay beside a model of it that knows nothing of limits or bytes. */
class Player {
  readonly rig = new UdpRig();
  readonly pairs: Pair[] = [];
  relayed = 0;

  play(step: Step): void {
    if (step.do === "wait") return void (this.rig.nowMs += step.ms);
    const pair = step.do === "pair" ? undefined : this.pairs.at(-1 - step.which);
    if (step.do === "pair" || pair === undefined) return this.#open();
    // Limits are for floods; here time goes on so that no step meets one.
    this.rig.nowMs += 1000;
    if (step.do === "release") return this.#release(pair);
    if (step.do === "stall") return void (pair.sinks[step.end].isStalled = true);
    if (step.do === "arrive") return this.#arrive(pair, step);
    this.#mutant(pair, step);
  }

  #open(): void {
    const { a, b, pairing } = this.rig.pair();
    const tokens = [encodeHex(pairing[0].token), encodeHex(pairing[1].token)] as const;
    const addresses: Pair["addresses"] = [undefined, undefined];
    this.pairs.push({ tokens, addresses, sinks: [a, b], pairing, isReleased: false });
  }

  #release(pair: Pair): void {
    if (pair.isReleased) return;
    pair.isReleased = true;
    this.rig.relay.release(pair.pairing);
  }

  #arrive(pair: Pair, { end, from, payload }: Extract<Step, { do: "arrive" }>): void {
    const [source, other] = [`192.0.2.${from}:4000`, 1 - end as 0 | 1];
    const taken = pair.sinks[other].frames.length;
    const token = pair.pairing[end].token;
    const sent = this.rig.arrive(source, token, new Uint8Array(PAYLOADS[payload]!));
    const delivered = pair.sinks[other].frames.slice(taken).map(encodeHex);
    const expected = this.#expect(pair, { end, source, payload });
    assert.deepEqual({ sent: shown(sent), delivered }, expected);
  }

  #expect(pair: Pair, { end, source, payload }: { end: 0 | 1; source: string; payload: string }) {
    const nothing = { sent: undefined, delivered: [] as string[] };
    if (pair.isReleased) return nothing;
    const other = 1 - end as 0 | 1;
    pair.addresses[end] = source;
    if (payload === "probe") return { ...nothing, sent: `${source} ${pair.tokens[end]}${READY}` };
    if (payload !== "data") return nothing;
    this.relayed++;
    const to = pair.addresses[other];
    if (to !== undefined) return { ...nothing, sent: `${to} ${pair.tokens[other]}${DATA}` };
    return pair.sinks[other].isStalled ? nothing : { ...nothing, delivered: [DATA] };
  }

  /** A valid datagram cut short or with one bit flipped: whatever comes of it, to nobody else. */
  #mutant(pair: Pair, { end, lenBytes, flip }: Extract<Step, { do: "mutant" }>): void {
    const bytes = new Uint8Array(lenBytes).fill(7);
    const whole = [...pair.pairing[end].token, ...PAYLOADS.data!];
    bytes.set(whole.slice(0, lenBytes));
    if (flip >> 3 < lenBytes) bytes[flip >> 3]! ^= 1 << (flip & 7);
    const isKnown = lenBytes >= 8 && flip >> 3 >= 8 && !pair.isReleased;
    const sent = this.rig.arrive("203.0.113.5:5", bytes);
    if (isKnown) pair.addresses[end] = "203.0.113.5:5";
    const to = isKnown ? pair.addresses[1 - end] : undefined;
    if (sent !== undefined) assert.equal(sent.to, to);
  }
}

function shown(sent: SentDatagram | undefined): string | undefined {
  return sent && `${sent.to} ${encodeHex(sent.bytes)}`;
}

Deno.test(`UdpRelay does as a simple model does, whatever arrives (seed ${SEED})`, () => {
  let relayed = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), (steps) => {
      const player = new Player();
      for (const each of steps) player.play(each);
      const living = player.pairs.filter(({ isReleased }) => !isReleased).length;
      assert.equal(player.rig.relay.tokenCount, 2 * living);
      const { received, toUdp, toWebSocket, probes, stun, drops } = player.rig.relay.stats;
      const dropped = Object.values(drops).reduce((sum, count) => sum + count, 0);
      assert.equal(received, toUdp + toWebSocket + probes + stun + dropped, "all accounted for");
      relayed += player.relayed;
    }),
    { seed: SEED, numRuns: 400 },
  );
  assert.ok(relayed > 1000, `too tame: ${relayed} frames`);
});
