import {
  type Expression,
  type FunctionBuilder,
  i64,
  type Local,
  sequence,
  type Statement,
} from "./assembler.ts";

type I32 = Expression<"i32">;
type I64 = Expression<"i64">;
type Limb = Local<"i64">;

const LOW_32 = i64.const(0xffff_ffffn);

/** Bits of r that are kept, by word. Spec: RFC 8439 §2.5. */
const CLAMP = [0x0fff_ffffn, 0x0fff_fffcn, 0x0fff_fffcn, 0x0fff_fffcn];

function sum(first: I64, ...rest: I64[]): I64 {
  return rest.reduce(i64.add, first);
}

function above32(limb: Limb): I64 {
  return i64.shrU(limb.get(), 32n);
}

/**
 * Generates Poly1305 for whole pieces of 16 bytes, which is all that the AEAD construction feeds it.
 * Spec: RFC 8439 §2.5, §2.8.
 *
 * Numbers are in limbs of 32 bits, each in a 64-bit variable. Clamping makes the upper words of r
 * divisible by 4, thus 2^128 · r[i] ≡ 5/4 · r[i] is a whole number: `#folded[i]`. The limits that
 * keep products from overflowing, in units of 2^32: between two pieces h[0] < 2.6 and h[1], h[2],
 * h[3] < 1, so with a piece added they are < 3.6 and < 2; r[i] and folded[i] are < 2^28 and
 * < 1.25 · 2^28. The largest column is then below (3.6 + 3 · 2 · 1.25) · 2^60 and 2^32 times the few
 * bits of h[4]: less than 12 · 2^60 < 2^64.
 */
export class Poly1305 {
  readonly #h: Limb[];
  readonly #r: Limb[];
  readonly #folded: Limb[];
  readonly #columns: Limb[];
  readonly #carry: Limb;

  /** Takes its local variables from `f`. */
  constructor(f: FunctionBuilder) {
    this.#h = f.localArray("i64", 5);
    this.#r = f.localArray("i64", 4);
    this.#folded = f.localArray("i64", 4);
    this.#columns = f.localArray("i64", 5);
    this.#carry = f.local("i64");
  }

  /** Loads r, the first half of the key at `address`; h must still be zero. */
  begin(address: I32): Statement {
    const r = this.#r;
    return sequence(
      ...r.map((limb, i) => limb.set(i64.and(i64.load32U(address, 4 * i), i64.const(CLAMP[i]!)))),
      ...this.#folded.map((limb, i) => limb.set(sum(r[i]!.get(), i64.shrU(r[i]!.get(), 2n)))),
    );
  }

  /** Takes in the 16 bytes at `address` + `offset`. */
  absorb(address: I32, offset: number): Statement {
    return this.absorbWords([0, 4, 8, 12].map((at) => i64.load32U(address, offset + at)));
  }

  /** Takes in 16 bytes given as four words: h = (h + words + 2^128) · r. */
  absorbWords(words: readonly I64[]): Statement {
    const h = this.#h;
    return sequence(
      ...words.map((word, i) => h[i]!.set(sum(h[i]!.get(), word))),
      h[4]!.set(sum(h[4]!.get(), i64.const(1n))),
      ...[0, 1, 2, 3].map((i) => this.#columns[i]!.set(this.#column(i))),
      this.#columns[4]!.set(i64.mul(h[4]!.get(), this.#r[0]!.get())),
      this.#carryColumns(),
    );
  }

  /** Column `i` of h · r: each h[j] · r[i - j], which from 2^128 on comes back folded. */
  #column(i: number): I64 {
    const product = (j: number): I64 => {
      const factor = i >= j ? this.#r[i - j]! : this.#folded[4 + i - j]!;
      return i64.mul(this.#h[j]!.get(), factor.get());
    };
    const products = [1, 2, 3].map(product);
    // h[4] · r[0] makes a column of its own, since r[0] need not be divisible by 4.
    if (i > 0) products.push(product(4));
    // Added last because h[0] is known last.
    return i64.add(products.reduce(i64.add), product(0));
  }

  /** From columns back to h, folding what is above 2^130 by 2^130 ≡ 5; h[0] keeps its carry. */
  #carryColumns(): Statement {
    const h = this.#h;
    const columns = this.#columns;
    const top = columns[4]!.get();
    return sequence(
      ...[1, 2, 3, 4].map((i) => columns[i]!.set(sum(columns[i]!.get(), above32(columns[i - 1]!)))),
      // 5 · (top >> 2), without the multiplication.
      h[0]!.set(
        sum(i64.and(columns[0]!.get(), LOW_32), i64.and(top, i64.const(-4n)), i64.shrU(top, 2n)),
      ),
      ...[1, 2, 3].map((i) => h[i]!.set(i64.and(columns[i]!.get(), LOW_32))),
      h[4]!.set(i64.and(top, i64.const(3n))),
    );
  }

  /** Adds s, the second half of the key at `address`: afterwards `tag()` has the result. */
  finish(address: I32): Statement {
    const h = this.#h;
    const carry = this.#carry;
    return sequence(
      ...[1, 2, 3, 4].flatMap((i) => [
        h[i]!.set(sum(h[i]!.get(), above32(h[i - 1]!))),
        h[i - 1]!.set(i64.and(h[i - 1]!.get(), LOW_32)),
      ]),
      // Now h < 2p. It is p or more exactly if h + 5 reaches 2^130; then h - p is h + 5 - 2^130, and
      // of that the tag keeps the bits below 2^128.
      carry.set(i64.const(5n)),
      ...[0, 1, 2, 3].map((i) => carry.set(i64.shrU(sum(h[i]!.get(), carry.get()), 32n))),
      carry.set(i64.shrU(sum(h[4]!.get(), carry.get()), 2n)),
      carry.set(i64.mul(carry.get(), i64.const(5n))),
      ...[0, 1, 2, 3].flatMap((i) => [
        h[i]!.set(sum(h[i]!.get(), i64.load32U(address, 16 + 4 * i), carry.get())),
        carry.set(above32(h[i]!)),
        h[i]!.set(i64.and(h[i]!.get(), LOW_32)),
      ]),
    );
  }

  /** The tag as two 64-bit halves, after `finish()`. */
  tag(): [low: I64, high: I64] {
    const [h0, h1, h2, h3] = this.#h.map((limb) => limb.get()) as [I64, I64, I64, I64];
    return [i64.or(h0, i64.shl(h1, 32n)), i64.or(h2, i64.shl(h3, 32n))];
  }
}
