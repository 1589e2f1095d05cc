/**
 * Fills `out` with random bytes. Protocol cores are given one; `systemRandom` of `core/clock` is the
 * cryptographic one of the platform, tests give a seeded one.
 */
export type Random = (out: Uint8Array<ArrayBuffer>) => void;
