/**
 * ChaCha20-Poly1305 for packets: in place, one key per object, several times as fast as the
 * platform's per call, by WebAssembly that is generated here at first use.
 *
 * @example
 * ```ts
 * import { isWasmSimdAvailable, WasmCipher } from "./mod.ts";
 *
 * if (isWasmSimdAvailable()) {
 *   const cipher = new WasmCipher(crypto.getRandomValues(new Uint8Array(32)));
 *   const packet = new Uint8Array(1100 + 16);
 *   cipher.seal(0, 1, packet, 0, 1100);
 *   console.log(cipher.open(0, 1, packet, 0, 1116)); // true
 * }
 * ```
 *
 * @module
 */

export { MAX_TEXT_BYTES } from "./layout.ts";
export { isWasmSimdAvailable, PLATFORM_FASTER_FROM_BYTES, WasmCipher } from "./wasm_cipher.ts";
