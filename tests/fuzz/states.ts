import { Target } from "./target.ts";

/** A state to begin in, and how a connection gets there. */
export type Start = readonly [name: string, prepare: (target: Target) => void];

/** Options of the peer's SYN, so that scaling, SACK and timestamps all take part. */
const RICH = { mss: 1000, windowScale: 3, sackPermitted: true, timestamps: [1000, 0] } as const;

function established(target: Target): void {
  target.accept({ flags: "S", seq: 0, ...RICH });
  target.send({ flags: "A", seq: 1, ack: 1, timestamps: [1000, 0] });
}

function plain(target: Target): void {
  target.accept({ flags: "S", seq: 0 });
  target.send({ flags: "A", seq: 1, ack: 1, window: 3000 });
}

function busy(target: Target): void {
  established(target);
  target.write(15_000);
  target.send({ flags: "A", seq: 1001, lengthBytes: 500, ack: 1, timestamps: [1000, 0] });
}

function finWait1(target: Target): void {
  plain(target);
  target.write(500);
  target.close("close-write");
}

function closeWait(target: Target): void {
  plain(target);
  target.send({ flags: "FA", seq: 1, lengthBytes: 10, ack: 1 });
}

function closing(target: Target): void {
  plain(target);
  target.close("close-write");
  target.send({ flags: "FA", seq: 1, ack: 1 });
}

function synSentWithData(target: Target): void {
  target.open();
  target.write(700, { withSyn: true });
}

function bothOpen(target: Target): void {
  synSentWithData(target);
  target.send({ flags: "S", seq: 0, lengthBytes: 200, ...RICH });
}

/** Data in both directions before the handshake is complete, where that was agreed. */
function early(target: Target): void {
  target.accept({ flags: "S", seq: 0, lengthBytes: 300, ...RICH, window: 4000 });
  target.write(2500);
}

function earlyEnd(target: Target): void {
  target.accept({ flags: "S", seq: 0 });
  target.write(100);
  if (target.synData) target.close("close");
}

/** Every state of RFC 9293 §3.3.2 but LISTEN, which no connection has, and some busy ones. */
export const STARTS: readonly Start[] = [
  ["syn-sent", (target) => target.open()],
  ["syn-received", (target) => target.accept({ flags: "S", seq: 0, ...RICH })],
  ["syn-sent", synSentWithData],
  ["syn-received", bothOpen],
  ["syn-received", early],
  ["syn-received", (target) => {
    early(target);
    target.close("close-write");
  }],
  ["syn-received", earlyEnd],
  ["syn-received", (target) => target.accept({ flags: "S", seq: 0, lengthBytes: 10, window: 0 })],
  ["established", established],
  ["established", plain],
  ["established", busy],
  ["fin-wait-1", finWait1],
  ["fin-wait-2", (target) => {
    finWait1(target);
    target.send({ flags: "A", seq: 1, ack: 502 });
  }],
  ["close-wait", closeWait],
  ["closing", closing],
  ["last-ack", (target) => {
    closeWait(target);
    target.close("close-write");
  }],
  ["time-wait", (target) => {
    closing(target);
    target.send({ flags: "A", seq: 2, ack: 2 });
  }],
  ["closed", (target) => {
    plain(target);
    target.send({ flags: "R", seq: 1 });
  }],
];
