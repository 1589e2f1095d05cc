/**
 * ChaCha20-Poly1305 for packets: in place, one key per object, several times as fast as the
 * platform's per call, by WebAssembly that is generated here at first use.
 *
 * @example
 * ```ts
 * import { transportCipher } from "./mod.ts";
 *
 * const cipher = transportCipher(crypto.getRandomValues(new Uint8Array(32)));
 * const packet = new Uint8Array(1100 + 16);
 * cipher.seal(0, 1, packet, 0, 1100);
 * console.log(cipher.open(0, 1, packet, 0, 1116)); // true
 * ```
 *
 * @module
 */

export { transportCipher } from "./cipher.ts";
export { KEY_BYTES, MAX_TEXT_BYTES, TAG_BYTES } from "./layout.ts";
export { NativeCipher } from "./native_cipher.ts";
export type { TransportCipher } from "./transport_cipher.ts";
export { isWasmSimdAvailable, WasmCipher } from "./wasm_cipher.ts";
