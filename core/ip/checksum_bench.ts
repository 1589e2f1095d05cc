import { foldChecksum, sumWords } from "./mod.ts";

const bytes = Uint8Array.from({ length: 16384 }, (_, i) => (i * 7919) >>> 3);
const view = new DataView(bytes.buffer);

/** Word by word, as RFC 1071 states it. */
function naiveSum(end: number): number {
  let sum = 0;
  for (let at = 0; at < end; at += 2) sum += view.getUint16(at);
  return sum;
}

for (const lenBytes of [40, 1060, 16384]) {
  if (foldChecksum(sumWords(view, 0, lenBytes, 0)) !== foldChecksum(naiveSum(lenBytes))) {
    throw new Error(`Cannot measure sumWords(): it is wrong for ${lenBytes} bytes`);
  }
  Deno.bench(`sumWords() of ${lenBytes} bytes`, { group: `${lenBytes}`, baseline: true }, () => {
    sumWords(view, 0, lenBytes, 0);
  });
  Deno.bench(`word by word, ${lenBytes} bytes`, { group: `${lenBytes}` }, () => {
    naiveSum(lenBytes);
  });
}
