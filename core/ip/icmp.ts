import { foldChecksum, sumWords } from "./checksum.ts";

/** Length of the header of an echo message. */
export const ICMP_ECHO_HEADER_BYTES = 8;

const ECHO_REPLY = 0;
const ECHO_REQUEST = 8;

/** Whether the ICMP message from `start` to `end` is a correct echo request. Spec: RFC 792. */
export function isEchoRequest(view: DataView, start: number, end: number): boolean {
  return end - start >= ICMP_ECHO_HEADER_BYTES && view.getUint8(start) === ECHO_REQUEST &&
    view.getUint8(start + 1) === 0 && foldChecksum(sumWords(view, start, end, 0)) === 0;
}

/** Turns the echo request from `start` to `end` into its reply, in place. Spec: RFC 792. */
export function makeEchoReply(view: DataView, start: number, end: number): void {
  view.setUint8(start, ECHO_REPLY);
  view.setUint16(start + 2, 0);
  view.setUint16(start + 2, foldChecksum(sumWords(view, start, end, 0)));
}
