/**
 * A small typed assembler for WebAssembly: only the instructions this folder uses, and only as
 * nested expressions, so that the type checker refuses what a validator would refuse.
 *
 * Opcodes are those of the WebAssembly core specification 2.0, §5.4.
 */

/** The types of values, with their encoding. */
const VALUE_TYPES = { i32: 0x7f, i64: 0x7e, v128: 0x7b } as const;

/** A type of value: an integer of 32 or 64 bits, or a vector of 128. */
export type ValueType = keyof typeof VALUE_TYPES;

/** Bytes of code as a tree, so that composing is cheap; they are laid out once, at the end. */
export type Code = readonly (number | Code)[];

/** Code that leaves one value of type `T` on the stack. */
export interface Expression<T extends ValueType> {
  readonly type: T;
  readonly code: Code;
}

/** Code that leaves the stack as it was. */
export interface Statement {
  readonly effect: Code;
}

type I32 = Expression<"i32">;
type I64 = Expression<"i64">;
type V128 = Expression<"v128">;

/** `value` as unsigned LEB128. */
export function unsignedLeb128(value: number): number[] {
  const bytes = [];
  do {
    const rest = value >>> 7;
    bytes.push((value & 0x7f) | (rest === 0 ? 0 : 0x80));
    value = rest;
  } while (value !== 0);
  return bytes;
}

/** `value` as signed LEB128. */
export function signedLeb128(value: bigint): number[] {
  const bytes = [];
  for (;;) {
    const low = Number(value & 0x7fn);
    value >>= 7n;
    const sign = (low & 0x40) === 0 ? 0n : -1n;
    if (value === sign) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

function expression<T extends ValueType>(type: T, ...code: Code): Expression<T> {
  return { type, code };
}

function statement(...effect: Code): Statement {
  return { effect };
}

/** Vector instructions share a prefix; their own number follows as LEB128. */
function vectorOpcode(opcode: number): Code {
  return [0xfd, ...unsignedLeb128(opcode)];
}

function binary<T extends ValueType>(
  type: T,
  opcode: Code,
): (a: Expression<T>, b: Expression<T>) => Expression<T> {
  return (a, b) => expression(type, a.code, b.code, opcode);
}

/** What addresses memory: no alignment promised, and a constant offset. */
function memoryArgument(offset: number): Code {
  return [0, unsignedLeb128(offset)];
}

function load<T extends ValueType>(
  type: T,
  opcode: Code,
): (address: I32, offset?: number) => Expression<T> {
  return (address, offset = 0) => expression(type, address.code, opcode, memoryArgument(offset));
}

function store<T extends ValueType>(
  opcode: Code,
): (address: I32, value: Expression<T>, offset?: number) => Statement {
  return (address, value, offset = 0) =>
    statement(address.code, value.code, opcode, memoryArgument(offset));
}

function vectorShift(opcode: number): (a: V128, bits: number) => V128 {
  return (a, bits) => expression("v128", a.code, i32.const(bits).code, vectorOpcode(opcode));
}

/** Instructions on 32-bit integers. */
export const i32 = {
  const: (value: number): I32 => expression("i32", 0x41, signedLeb128(BigInt(value))),
  add: binary("i32", [0x6a]),
  /** 1 if `a` is less than `b`, both unsigned, else 0. */
  ltU: (a: I32, b: I32): I32 => expression("i32", a.code, b.code, 0x49),
  store: store<"i32">([0x36]),
} as const;

/** Instructions on 64-bit integers. */
export const i64 = {
  const: (value: bigint): I64 => expression("i64", 0x42, signedLeb128(value)),
  add: binary("i64", [0x7c]),
  mul: binary("i64", [0x7e]),
  and: binary("i64", [0x83]),
  or: binary("i64", [0x84]),
  xor: binary("i64", [0x85]),
  shl: (a: I64, bits: bigint): I64 => expression("i64", a.code, i64.const(bits).code, 0x86),
  shrU: (a: I64, bits: bigint): I64 => expression("i64", a.code, i64.const(bits).code, 0x88),
  /** 1 if `a` is 0, else 0. */
  eqz: (a: I64): I32 => expression("i32", a.code, 0x50),
  fromI32U: (a: I32): I64 => expression("i64", a.code, 0xad),
  load: load("i64", [0x29]),
  /** The 32-bit word at an address, extended with zeros. */
  load32U: load("i64", [0x35]),
  store: store<"i64">([0x37]),
} as const;

/** Instructions on vectors: four lanes of 32 bits, or bytes where the name says so. */
export const v128 = {
  /** The vector of these four words. */
  const: (words: readonly [number, number, number, number]): V128 =>
    expression("v128", vectorOpcode(12), words.flatMap(littleEndian)),
  add: binary("v128", vectorOpcode(174)),
  or: binary("v128", vectorOpcode(80)),
  xor: binary("v128", vectorOpcode(81)),
  shl: vectorShift(171),
  shrU: vectorShift(173),
  /** The bytes of `a` at the places that the bytes of `b` name. */
  swizzleBytes: binary("v128", vectorOpcode(14)),
  /** Four words chosen by number: 0 to 3 are those of `a`, 4 to 7 those of `b`. */
  pick: (a: V128, b: V128, words: readonly number[]): V128 =>
    expression("v128", a.code, b.code, vectorOpcode(13), words.flatMap(wordBytes)),
  load: load("v128", vectorOpcode(0)),
  /** One 32-bit word of memory in all four lanes. */
  load32Splat: load("v128", vectorOpcode(9)),
  store: store<"v128">(vectorOpcode(11)),
} as const;

function littleEndian(word: number): number[] {
  return [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24];
}

/** The places of the bytes of word number `word`. */
function wordBytes(word: number): number[] {
  return [4 * word, 4 * word + 1, 4 * word + 2, 4 * word + 3];
}

/** A local variable of a function, or one of its parameters. */
export class Local<T extends ValueType> {
  readonly #type: T;
  readonly #index: Code;

  constructor(type: T, index: number) {
    this.#type = type;
    this.#index = unsignedLeb128(index);
  }

  /** Its value. */
  get(): Expression<T> {
    return expression(this.#type, 0x20, this.#index);
  }

  /** Assigns `value`. */
  set(value: Expression<T>): Statement {
    return statement(value.code, 0x21, this.#index);
  }
}

/** The statements one after another. */
export function sequence(...statements: readonly Statement[]): Statement {
  return { effect: statements.map((s) => s.effect) };
}

/** Runs `body` if `condition` is not 0. */
export function when(condition: I32, body: Statement): Statement {
  return statement(condition.code, 0x04, 0x40, body.effect, 0x0b);
}

/** Runs `body` as long as `condition` is not 0 before it. */
export function repeatWhile(condition: I32, body: Statement): Statement {
  return statement(0x03, 0x40, when(condition, statement(body.effect, 0x0c, 1)).effect, 0x0b);
}

/** A function to export from a module. */
export interface ModuleFunction {
  readonly name: string;
  readonly type: Code;
  readonly code: Code;
}

/** A function under construction: its parameters and locals. It returns a 32-bit integer. */
export class FunctionBuilder {
  readonly #parameters: ValueType[] = [];
  readonly #locals: ValueType[] = [];

  /** The next parameter; all parameters come before the first local. */
  parameter<T extends ValueType>(type: T): Local<T> {
    return new Local(type, this.#parameters.push(type) - 1);
  }

  /** A new local variable, zero at first. */
  local<T extends ValueType>(type: T): Local<T> {
    return new Local(type, this.#parameters.length + this.#locals.push(type) - 1);
  }

  /** `count` new local variables. */
  localArray<T extends ValueType>(type: T, count: number): Local<T>[] {
    return Array.from({ length: count }, () => this.local(type));
  }

  /** The function called `name` that runs `body` and then returns `result`. */
  build(name: string, body: Statement, result: I32): ModuleFunction {
    const parameters = this.#parameters.map((type) => [VALUE_TYPES[type]]);
    const locals = this.#locals.map((type) => [1, VALUE_TYPES[type]]);
    return {
      name,
      type: [0x60, vector(parameters), 1, VALUE_TYPES.i32],
      code: sized([vector(locals), body.effect, result.code, 0x0b]),
    };
  }
}

/** The built-in is compiled already when everything else still runs interpreted: 10 ms become 5. */
function flatten(code: Code): number[] {
  return (code as readonly unknown[]).flat(Infinity) as number[];
}

/** Preceded by its length in bytes. */
function sized(code: Code): Code {
  const bytes = flatten(code);
  return [...unsignedLeb128(bytes.length), bytes];
}

/** Preceded by the number of items. */
function vector(items: readonly Code[]): Code {
  return [...unsignedLeb128(items.length), ...items];
}

function section(id: number, items: readonly Code[]): Code {
  return [id, sized(vector(items))];
}

function exported(name: string, kind: number, index: number): Code {
  return [sized([...new TextEncoder().encode(name)]), kind, unsignedLeb128(index)];
}

/** A module of `functions` and `pages` × 64 KiB of memory, exported as `memory`. */
export function encodeModule(
  functions: readonly ModuleFunction[],
  pages: number,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(flatten([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, functions.map((f) => f.type)),
    section(3, functions.map((_, index) => unsignedLeb128(index))),
    section(5, [[1, unsignedLeb128(pages), unsignedLeb128(pages)]]),
    section(7, [
      exported("memory", 2, 0),
      ...functions.map((f, index) => exported(f.name, 0, index)),
    ]),
    section(10, functions.map((f) => f.code)),
  ]));
}
