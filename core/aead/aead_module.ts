import {
  encodeModule,
  type Expression,
  FunctionBuilder,
  i32,
  i64,
  type Local,
  type ModuleFunction,
  repeatWhile,
  sequence,
  type Statement,
  v128,
  when,
} from "./assembler.ts";
import { ChaCha20 } from "./chacha20.ts";
import { BLOCK_BYTES, GROUP_BYTES, INPUT, KEY, MEMORY_PAGES, OUTPUT, TAG_BYTES } from "./layout.ts";
import { Poly1305 } from "./poly1305.ts";

const ZERO = i64.const(0n);
const ZERO_VECTOR = v128.const([0, 0, 0, 0]);

/**
 * What sealing and opening have in common: a function of (textBytes, low, high), for which key and
 * text stand in the memory and whose nonce is 0 ‖ `low` ‖ `high`. Spec: RFC 8439 §2.8.
 *
 * Four blocks at a time are encrypted, and while that occupies the vector units of the processor,
 * its scalar units run the MAC over ciphertext that is already there. The two at once take 11.0 µs
 * for 16 KiB; one after the other, 17.5 µs.
 */
class Construction {
  readonly f: FunctionBuilder = new FunctionBuilder();
  readonly #textBytes = this.f.parameter("i32");
  readonly #low = this.f.parameter("i32");
  readonly #high = this.f.parameter("i32");
  /** Of the group: counted from the block before the text, as every position here. */
  readonly #position = this.f.local("i32");
  /** Of the text's end. */
  readonly end: Local<"i32"> = this.f.local("i32");
  /** Of what the MAC takes in next. */
  readonly #macPosition = this.f.local("i32");
  readonly #chacha = new ChaCha20(this.f);
  readonly #poly = new Poly1305(this.f);
  readonly #ciphertext: number;

  constructor(ciphertext: typeof INPUT | typeof OUTPUT) {
    this.#ciphertext = ciphertext;
  }

  begin(): Statement {
    return sequence(
      this.end.set(i32.add(this.#textBytes.get(), i32.const(BLOCK_BYTES))),
      this.#chacha.begin(this.#low.get(), this.#high.get()),
    );
  }

  /** Puts zeros behind the ciphertext, since the MAC takes whole pieces of 16 bytes. */
  padCiphertext(): Statement {
    return v128.store(this.end.get(), ZERO_VECTOR, this.#ciphertext);
  }

  /**
   * Encrypts or decrypts everything, and meanwhile runs the MAC. Sealing can take in no more than
   * what the groups before have put out; opening could, but is no faster for it.
   */
  encrypt(): Statement {
    const position = this.#position;
    const next = position.set(i32.add(position.get(), i32.const(GROUP_BYTES)));
    const absorb = when(this.#macIsBefore(position), this.#absorb());
    return sequence(
      this.#chacha.group(position.get(), sequence()),
      this.#poly.begin(i32.const(OUTPUT)),
      this.#macPosition.set(i32.const(BLOCK_BYTES)),
      next,
      repeatWhile(
        i32.ltU(position.get(), this.end.get()),
        sequence(this.#chacha.group(position.get(), absorb), next),
      ),
    );
  }

  /** Completes the MAC, after which `tag()` has it, and wipes all keys from the memory. */
  finish(): Statement {
    const textBytes = i64.fromI32U(this.#textBytes.get());
    return sequence(
      repeatWhile(this.#macIsBefore(this.end), this.#absorb()),
      this.#poly.absorbWords([ZERO, ZERO, textBytes, ZERO]),
      this.#poly.finish(i32.const(OUTPUT)),
      ...[0, 16].map((at) => v128.store(i32.const(KEY + at), ZERO_VECTOR)),
      ...[0, 16, 32, 48].map((at) => v128.store(i32.const(OUTPUT + at), ZERO_VECTOR)),
    );
  }

  /** Overwrites all that was put out, for a text that must not be seen. */
  wipeOutput(): Statement {
    const position = this.#position;
    return repeatWhile(
      position.get(),
      sequence(
        position.set(i32.add(position.get(), i32.const(-16))),
        v128.store(position.get(), ZERO_VECTOR, OUTPUT),
      ),
    );
  }

  tag(): ReturnType<Poly1305["tag"]> {
    return this.#poly.tag();
  }

  #macIsBefore(limit: Local<"i32">): Expression<"i32"> {
    return i32.ltU(this.#macPosition.get(), limit.get());
  }

  #absorb(): Statement {
    const at = this.#macPosition;
    return sequence(
      this.#poly.absorb(at.get(), this.#ciphertext),
      at.set(i32.add(at.get(), i32.const(TAG_BYTES))),
    );
  }
}

/** Leaves the tag behind the text in the output. */
function seal(): ModuleFunction {
  const c = new Construction(OUTPUT);
  const [low, high] = c.tag();
  const body = sequence(
    c.begin(),
    c.encrypt(),
    c.padCiphertext(),
    c.finish(),
    i64.store(c.end.get(), low, OUTPUT),
    i64.store(c.end.get(), high, OUTPUT + 8),
  );
  return c.f.build("seal", body, i32.const(1));
}

/** Returns 1 if the tag behind the text in the input is right, else 0 and leaves no output. */
function open(): ModuleFunction {
  const c = new Construction(INPUT);
  const tagLow = c.f.local("i64");
  const tagHigh = c.f.local("i64");
  const isAuthentic = c.f.local("i32");
  const [low, high] = c.tag();
  const difference = i64.or(i64.xor(low, tagLow.get()), i64.xor(high, tagHigh.get()));
  const body = sequence(
    c.begin(),
    tagLow.set(i64.load(c.end.get(), INPUT)),
    tagHigh.set(i64.load(c.end.get(), INPUT + 8)),
    c.padCiphertext(),
    c.encrypt(),
    c.finish(),
    isAuthentic.set(i64.eqz(difference)),
    when(i32.ltU(isAuthentic.get(), i32.const(1)), c.wipeOutput()),
  );
  return c.f.build("open", body, isAuthentic.get());
}

/**
 * The module in binary form: functions `seal` and `open` of (textBytes, low, high), and `memory` as
 * laid out in `layout.ts`.
 */
export function encodeAeadModule(): Uint8Array<ArrayBuffer> {
  return encodeModule([seal(), open()], MEMORY_PAGES);
}
