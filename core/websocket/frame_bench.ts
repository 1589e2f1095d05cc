import { applyMask } from "./frame.ts";

const buffer = new Uint8Array(65536);

for (const bytes of [32, 64, 128, 256, 1139, 16423]) {
  Deno.bench({
    name: `applyMask() ${bytes} B`,
    group: "mask",
    fn: () => applyMask(buffer, 3, 3 + bytes, 0x12345678),
  });
}
