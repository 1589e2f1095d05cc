import assert from "node:assert/strict";
import { encodeSegment } from "../../core/tcp/scripts/mod.ts";
import { Checker } from "./checker.ts";
import type { Draft } from "./target.ts";

const LOCAL = 0xfffffff0;
const PEER = 0x7ffffff0;
const PORTS = [40000, 80] as const;

function bytesOf(draft: Draft, bases: { localIss: number; peerIss: number }): Uint8Array {
  const spec = { lengthBytes: 0, sack: [], absent: [], window: 1000, ...draft };
  return encodeSegment(spec, { bases: { ...bases, ports: PORTS }, pseudoSum: 0 });
}

/** A segment that the peer sends. */
function inbound(draft: Draft): Uint8Array {
  return bytesOf(draft, { localIss: LOCAL, peerIss: PEER });
}

/** A segment that the connection sends. */
function outbound(draft: Draft): Uint8Array {
  return bytesOf(draft, { localIss: PEER, peerIss: LOCAL });
}

/** A checker of a connection that nothing has come to. */
function beginning(synData: boolean): Checker {
  return new Checker({ localIss: LOCAL, peerIss: PEER, receiveBufferBytes: 1000, synData });
}

/** A checker that has seen a handshake; the window of both ends is 1000, without scaling. */
function watching(): Checker {
  const checker = beginning(false);
  checker.injected(inbound({ flags: "S", seq: 0, mss: 1200 }));
  checker.emitted(outbound({ flags: "SA", seq: 0, ack: 1 }));
  checker.injected(inbound({ flags: "A", seq: 1, ack: 1 }));
  return checker;
}

Deno.test("Checker accepts what a right connection does", () => {
  const checker = watching();
  checker.wrote(500);
  checker.emitted(outbound({ flags: "A", seq: 1, lengthBytes: 500, ack: 1 }));
  checker.injected(inbound({ flags: "A", seq: 1, lengthBytes: 100, ack: 501 }));
  checker.emitted(outbound({ flags: "A", seq: 501, ack: 101, window: 900 }));
  checker.delivered(inbound({ flags: "A", seq: 1, lengthBytes: 100 }).subarray(20));
  checker.emitted(outbound({ flags: "A", seq: 501, ack: 101 }));
  checker.wrote(0, { closing: true });
  checker.emitted(outbound({ flags: "FA", seq: 501, ack: 101 }));
  checker.injected(inbound({ flags: "FA", seq: 101, ack: 502 }));
  checker.emitted(outbound({ flags: "A", seq: 502, ack: 102 }));
});

const BROKEN: [name: string, act: (checker: Checker) => void, message: RegExp][] = [
  [
    "data that was never written",
    (checker) => checker.emitted(outbound({ flags: "A", seq: 1, lengthBytes: 1, ack: 1 })),
    /data ends at 2, 0 bytes were written/,
  ],
  [
    "a FIN before the end",
    (checker) => checker.emitted(outbound({ flags: "FA", seq: 1, ack: 1 })),
    /a FIN ends at 2/,
  ],
  [
    "a FIN in the middle of the data",
    (checker) => {
      checker.wrote(100, { closing: true });
      checker.emitted(outbound({ flags: "FA", seq: 1, lengthBytes: 50, ack: 1 }));
    },
    /a FIN ends at 52/,
  ],
  [
    "other bytes than were written",
    (checker) => {
      checker.wrote(10);
      checker.emitted(outbound({ flags: "A", seq: 1, lengthBytes: 10, ack: 1, foreign: true }));
    },
    /byte 0 was sent as another/,
  ],
  [
    "a gap",
    (checker) => {
      checker.wrote(100);
      checker.emitted(outbound({ flags: "A", seq: 11, lengthBytes: 10, ack: 1 }));
    },
    /11 leaves a gap behind 1/,
  ],
  [
    "data beyond the peer's window",
    (checker) => {
      checker.wrote(2000);
      checker.emitted(outbound({ flags: "A", seq: 1, lengthBytes: 1002, ack: 1 }));
    },
    /1003 lies beyond the window, which ends at 1001/,
  ],
  [
    "a window of a segment that acknowledges the future",
    (checker) => {
      checker.wrote(2000);
      checker.injected(inbound({ flags: "A", seq: 1, ack: 900, window: 60000 }));
      checker.emitted(outbound({ flags: "A", seq: 1, lengthBytes: 1002, ack: 1 }));
    },
    /1003 lies beyond the window/,
  ],
  [
    "an acknowledgement of what never came",
    (checker) => checker.emitted(outbound({ flags: "A", seq: 1, ack: 2 })),
    /acknowledged 2, which never came/,
  ],
  [
    "an acknowledgement over a hole",
    (checker) => {
      checker.injected(inbound({ flags: "A", seq: 11, lengthBytes: 10, ack: 1 }));
      checker.emitted(outbound({ flags: "A", seq: 1, ack: 21 }));
    },
    /acknowledged 21, which never came/,
  ],
  [
    "data of a segment that acknowledges the future",
    (checker) => {
      checker.injected(inbound({ flags: "A", seq: 1, lengthBytes: 10, ack: 900 }));
      checker.emitted(outbound({ flags: "A", seq: 1, ack: 11 }));
    },
    /acknowledged 11, which never came/,
  ],
  [
    "an acknowledgement that goes back",
    (checker) => {
      checker.injected(inbound({ flags: "A", seq: 1, lengthBytes: 10, ack: 1 }));
      checker.emitted(outbound({ flags: "A", seq: 1, ack: 11, window: 990 }));
      checker.emitted(outbound({ flags: "A", seq: 1, ack: 1 }));
    },
    /acknowledged 1 after 11/,
  ],
  [
    "a window that moves left",
    (checker) => checker.emitted(outbound({ flags: "A", seq: 1, ack: 1, window: 999 })),
    /the window moves left, from 1001 to 1000/,
  ],
  [
    "a window beyond the buffer",
    (checker) => checker.emitted(outbound({ flags: "A", seq: 1, ack: 1, window: 1001 })),
    /the window ends at 1002, beyond the buffer, which ends at 1001/,
  ],
  [
    "delivered bytes that nobody sent",
    (checker) => checker.delivered(Uint8Array.of(1)),
    /byte 0 was read as 1, which nobody sent/,
  ],
  [
    "delivered bytes that were sent elsewhere",
    (checker) => {
      const bytes = inbound({ flags: "A", seq: 1, lengthBytes: 10, ack: 1 });
      checker.injected(bytes);
      checker.delivered(bytes.subarray(21));
    },
    /byte 0 was read as \d+, which nobody sent/,
  ],
  [
    "a reset with data",
    (checker) => checker.emitted(outbound({ flags: "RA", seq: 1, lengthBytes: 1, ack: 1 })),
    /a reset carries data/,
  ],
];

for (const [name, act, message] of BROKEN) {
  Deno.test(`Checker refuses ${name}`, () => {
    const checker = watching();
    assert.throws(() => act(checker), message);
  });
}

Deno.test("Checker accepts data with a SYN, and before the handshake is complete, if it was agreed", () => {
  const active = beginning(true);
  active.wrote(100);
  active.emitted(outbound({ flags: "S", seq: 0, lengthBytes: 100 }));
  active.injected(inbound({ flags: "SA", seq: 0, ack: 1, window: 0 }));
  active.emitted(outbound({ flags: "A", seq: 1, lengthBytes: 100, ack: 1 }));
  const passive = beginning(true);
  passive.injected(inbound({ flags: "S", seq: 0, lengthBytes: 50 }));
  passive.emitted(outbound({ flags: "SA", seq: 0, ack: 51, window: 950 }));
  passive.wrote(100);
  passive.emitted(outbound({ flags: "A", seq: 1, lengthBytes: 100, ack: 51, window: 950 }));
});

const BROKEN_EARLY: [name: string, act: () => void, message: RegExp][] = [
  ["data with a SYN that was not agreed", () => {
    const checker = beginning(false);
    checker.wrote(10);
    checker.emitted(outbound({ flags: "S", seq: 0, lengthBytes: 10 }));
  }, /a SYN brings data/],
  ["data before the peer's SYN", () => {
    const checker = beginning(true);
    checker.wrote(10);
    checker.emitted(outbound({ flags: "S", seq: 0 }));
    checker.emitted(outbound({ flags: "A", seq: 1, lengthBytes: 10, ack: 0 }));
  }, /before the handshake/],
  ["data before the handshake is complete, not agreed", () => {
    const checker = beginning(false);
    checker.injected(inbound({ flags: "S", seq: 0 }));
    checker.emitted(outbound({ flags: "SA", seq: 0, ack: 1 }));
    checker.wrote(10);
    checker.emitted(outbound({ flags: "A", seq: 1, lengthBytes: 10, ack: 1 }));
  }, /before the handshake/],
  ["an acknowledgement of a FIN that came with a SYN", () => {
    const checker = beginning(true);
    checker.injected(inbound({ flags: "SF", seq: 0, lengthBytes: 10 }));
    checker.emitted(outbound({ flags: "SA", seq: 0, ack: 12 }));
  }, /acknowledged 12/],
  ["a segment larger than the peer takes", () => {
    const checker = beginning(false);
    checker.injected(inbound({ flags: "S", seq: 0, mss: 100 }));
    checker.emitted(outbound({ flags: "SA", seq: 0, ack: 1 }));
    checker.injected(inbound({ flags: "A", seq: 1, ack: 1 }));
    checker.wrote(200);
    checker.emitted(outbound({ flags: "A", seq: 1, lengthBytes: 101, ack: 1 }));
  }, /exceeds the MSS/],
];

for (const [name, act, message] of BROKEN_EARLY) {
  Deno.test(`Checker refuses ${name}`, () => assert.throws(act, message));
}
