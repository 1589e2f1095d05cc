import {
  type Expression,
  type FunctionBuilder,
  i32,
  type Local,
  repeatWhile,
  sequence,
  type Statement,
  v128,
} from "./assembler.ts";
import { BLOCK_BYTES, INPUT, OUTPUT, STATE } from "./layout.ts";

type Vector = Local<"v128">;
type Four<T> = readonly [T, T, T, T];

/** A column round and a diagonal round each. Spec: RFC 8439 §2.3. */
const ROUND_PAIRS = 10;

/** "expand 32-byte k". Spec: RFC 8439 §2.3. */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];

const COUNTER_WORD = 12;
const NONCE_WORD = 13;

/** The words that each quarter round takes. Spec: RFC 8439 §2.3. */
const COLUMNS: Four<Four<number>> = [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]];
const DIAGONALS: Four<Four<number>> = [
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

/** Byte places that rotate each word to the left by 16 and by 8 bits. */
const ROTATE_16: Four<number> = [0x01000302, 0x05040706, 0x09080b0a, 0x0d0c0f0e];
const ROTATE_8: Four<number> = [0x02010003, 0x06050407, 0x0a09080b, 0x0e0d0c0f];

/**
 * Generates ChaCha20 for four blocks side by side: vector `i` holds word `i` of each of them, so
 * that all of the rounds are lane by lane. Spec: RFC 8439 §2.3, §2.4.
 */
export class ChaCha20 {
  readonly #words: Vector[];
  readonly #halves: Vector[];
  readonly #counters: Vector;
  readonly #rotate16: Vector;
  readonly #rotate8: Vector;
  readonly #pairsLeft: Local<"i32">;

  /** Takes its local variables from `f`. */
  constructor(f: FunctionBuilder) {
    this.#words = f.localArray("v128", 16);
    this.#halves = f.localArray("v128", 4);
    this.#counters = f.local("v128");
    this.#rotate16 = f.local("v128");
    this.#rotate8 = f.local("v128");
    this.#pairsLeft = f.local("i32");
  }

  /** Completes the state around the key: block counter 0, nonce 0 ‖ `low` ‖ `high`. */
  begin(low: Expression<"i32">, high: Expression<"i32">): Statement {
    const storeWord = (i: number, word: Expression<"i32">) =>
      i32.store(i32.const(STATE + 4 * i), word);
    return sequence(
      ...CONSTANTS.map((word, i) => storeWord(i, i32.const(word))),
      storeWord(NONCE_WORD, i32.const(0)),
      storeWord(NONCE_WORD + 1, low),
      storeWord(NONCE_WORD + 2, high),
      this.#counters.set(v128.const([0, 1, 2, 3])),
      // Variables, since V8 would build a constant anew at each of its uses.
      this.#rotate16.set(v128.const(ROTATE_16)),
      this.#rotate8.set(v128.const(ROTATE_8)),
    );
  }

  /**
   * XORs the next four blocks of key stream into the input at `position` and stores the result to
   * the output; runs `meanwhile` after each of the twenty rounds.
   */
  group(position: Expression<"i32">, meanwhile: Statement): Statement {
    const words = this.#words;
    const pairsLeft = this.#pairsLeft;
    return sequence(
      ...words.map((word, i) => word.set(this.#initial(i))),
      pairsLeft.set(i32.const(ROUND_PAIRS)),
      repeatWhile(
        pairsLeft.get(),
        sequence(
          this.#round(COLUMNS),
          meanwhile,
          this.#round(DIAGONALS),
          meanwhile,
          pairsLeft.set(i32.add(pairsLeft.get(), i32.const(-1))),
        ),
      ),
      ...words.map((word, i) => word.set(v128.add(word.get(), this.#initial(i)))),
      this.#counters.set(v128.add(this.#counters.get(), v128.const([4, 4, 4, 4]))),
      ...[0, 4, 8, 12].map((first) => this.#xorFourWords(first, position)),
    );
  }

  /** Word `i` of the four blocks before the rounds: equal in all but the counter. */
  #initial(i: number): Expression<"v128"> {
    if (i === COUNTER_WORD) return this.#counters.get();
    return v128.load32Splat(i32.const(STATE), 4 * i);
  }

  /** Four quarter rounds in step, for none of them waits for another. Spec: RFC 8439 §2.1. */
  #round(quarters: Four<Four<number>>): Statement {
    const step = (a: number, b: number, c: number, bits: number): Statement =>
      sequence(...quarters.map((q) => this.#addXorRotate(q[a]!, q[b]!, q[c]!, bits)));
    return sequence(step(0, 1, 3, 16), step(2, 3, 1, 12), step(0, 1, 3, 8), step(2, 3, 1, 7));
  }

  /** Word `a` += word `b`; word `c` ^= word `a`; word `c` <<<= `bits`. */
  #addXorRotate(a: number, b: number, c: number, bits: number): Statement {
    const [wordA, wordB, wordC] = [this.#words[a]!, this.#words[b]!, this.#words[c]!];
    return sequence(
      wordA.set(v128.add(wordA.get(), wordB.get())),
      wordC.set(v128.xor(wordC.get(), wordA.get())),
      wordC.set(this.#rotated(wordC.get(), bits)),
    );
  }

  #rotated(word: Expression<"v128">, bits: number): Expression<"v128"> {
    if (bits === 16) return v128.swizzleBytes(word, this.#rotate16.get());
    if (bits === 8) return v128.swizzleBytes(word, this.#rotate8.get());
    return v128.or(v128.shl(word, bits), v128.shrU(word, 32 - bits));
  }

  /** Words `first` to `first + 3` of the blocks: transposed, they are 16 bytes of each block. */
  #xorFourWords(first: number, position: Expression<"i32">): Statement {
    const word = (i: number) => this.#words[first + i]!.get();
    const halves = this.#halves;
    const half = (i: number) => halves[i]!.get();
    const pieces = [
      v128.pick(half(0), half(1), [0, 1, 4, 5]),
      v128.pick(half(0), half(1), [2, 3, 6, 7]),
      v128.pick(half(2), half(3), [0, 1, 4, 5]),
      v128.pick(half(2), half(3), [2, 3, 6, 7]),
    ];
    return sequence(
      halves[0]!.set(v128.pick(word(0), word(1), [0, 4, 1, 5])),
      halves[1]!.set(v128.pick(word(2), word(3), [0, 4, 1, 5])),
      halves[2]!.set(v128.pick(word(0), word(1), [2, 6, 3, 7])),
      halves[3]!.set(v128.pick(word(2), word(3), [2, 6, 3, 7])),
      ...pieces.map((piece, block) => {
        const at = BLOCK_BYTES * block + 4 * first;
        return v128.store(position, v128.xor(v128.load(position, INPUT + at), piece), OUTPUT + at);
      }),
    );
  }
}
