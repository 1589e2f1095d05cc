import { encodeAeadModule } from "./aead_module.ts";
import { INPUT_TEXT, KEY, KEY_BYTES, MAX_TEXT_BYTES, OUTPUT_TEXT, TAG_BYTES } from "./layout.ts";
import type { TransportCipher } from "./transport_cipher.ts";

type Crypt = (textBytes: number, low: number, high: number) => number;

/** The instance: views of its memory and its functions. */
interface Core {
  readonly memory: Uint8Array;
  readonly seal: Crypt;
  readonly open: Crypt;
}

let loaded: Core | undefined;

/** One instance serves the process: a call is synchronous, so no two can be in its memory. */
function load(): Core {
  if (loaded === undefined) {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(encodeAeadModule()));
    loaded = {
      memory: new Uint8Array((exports.memory as WebAssembly.Memory).buffer),
      seal: exports.seal as Crypt,
      open: exports.open as Crypt,
    };
  }
  return loaded;
}

let available: boolean | undefined;

function canLoad(): boolean {
  try {
    load();
    return true;
  } catch {
    // Compiling and instantiating report by exceptions only.
    return false;
  }
}

/**
 * Whether `WasmCipher` works here. It takes WebAssembly with 128-bit vectors, which a processor
 * without SSE4.1 or a runtime without a just-in-time compiler does not offer. Found out at the first
 * call, which takes 5 to 10 ms.
 */
export function isWasmSimdAvailable(): boolean {
  available ??= canLoad();
  return available;
}

/**
 * ChaCha20-Poly1305 under one key of one direction, in place, without additional data. The nonce is
 * four zero bytes and the 64-bit counter, little-endian, given as two unsigned 32-bit halves.
 *
 * Takes at most `MAX_TEXT_BYTES` a message. All instances share one scratch memory, in which no key
 * outlives a call.
 *
 * Spec: RFC 8439 §2.8; WG 5.4.6.
 *
 * @example
 * ```ts
 * const cipher = new WasmCipher(new Uint8Array(32));
 * const packet = new Uint8Array(100 + 16);
 * cipher.seal(0, 7, packet, 0, 100);
 * console.log(cipher.open(0, 7, packet, 0, 116)); // true
 * ```
 */
export class WasmCipher implements TransportCipher {
  readonly #core: Core;
  readonly #key: Uint8Array;

  /**
   * Copies the key.
   *
   * @throws {RangeError} if the key is not of 32 bytes.
   * @throws {Error} what the platform throws if `isWasmSimdAvailable()` is false.
   */
  constructor(key: Uint8Array) {
    if (key.length !== KEY_BYTES) {
      throw new RangeError(`Could not take the key: ${key.length} bytes, must be ${KEY_BYTES}`);
    }
    this.#core = load();
    // On a buffer of its own: V8 keeps small arrays in the heap, where collections copy them about.
    this.#key = new Uint8Array(new ArrayBuffer(KEY_BYTES));
    this.#key.set(key);
  }

  /**
   * Encrypts `bytes` from `start` to `end` in place and writes the tag at `end`; borrows `bytes`.
   * The buffer must reach to `end + 16`. A counter must never be used twice.
   *
   * @throws {RangeError} if it does not, or the text is longer than `MAX_TEXT_BYTES`; then nothing
   * is changed.
   */
  seal(high: number, low: number, bytes: Uint8Array, start: number, end: number): void {
    const textBytes = end - start;
    const isInside = start >= 0 && end + TAG_BYTES <= bytes.length;
    if (!(isInside && textBytes >= 0 && textBytes <= MAX_TEXT_BYTES)) {
      throw new RangeError(
        `Could not seal: bytes ${start} to ${end} of ${bytes.length}, ` +
          `must be at most ${MAX_TEXT_BYTES} and leave ${TAG_BYTES} for the tag`,
      );
    }
    const { memory, seal } = this.#core;
    memory.set(this.#key, KEY);
    memory.set(bytes.subarray(start, end), INPUT_TEXT);
    seal(textBytes, low, high);
    bytes.set(memory.subarray(OUTPUT_TEXT, OUTPUT_TEXT + textBytes + TAG_BYTES), start);
  }

  /**
   * Decrypts `bytes` from `start` to `end` in place, the last 16 of them being the tag; borrows
   * `bytes`. Returns false, and leaves `bytes` as they were, if the tag is wrong, or there are too
   * few bytes for one, or too many bytes for this class.
   *
   * @throws {RangeError} if `start` or `end` is outside of the buffer.
   */
  open(high: number, low: number, bytes: Uint8Array, start: number, end: number): boolean {
    // Else the rest of an older message would stand in for what the buffer does not have.
    if (!(start >= 0 && end <= bytes.length)) {
      throw new RangeError(
        `Could not open: bytes ${start} to ${end}, must be within ${bytes.length}`,
      );
    }
    const textBytes = end - start - TAG_BYTES;
    if (!(textBytes >= 0 && textBytes <= MAX_TEXT_BYTES)) return false;
    const { memory, open } = this.#core;
    memory.set(this.#key, KEY);
    memory.set(bytes.subarray(start, end), INPUT_TEXT);
    if (open(textBytes, low, high) === 0) return false;
    bytes.set(memory.subarray(OUTPUT_TEXT, OUTPUT_TEXT + textBytes), start);
    return true;
  }

  /** Overwrites the key; the cipher must not be used again. */
  wipe(): void {
    this.#key.fill(0);
  }
}
