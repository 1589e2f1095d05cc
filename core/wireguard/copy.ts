/**
 * A copy of `lengthBytes` bytes at `offset`. The method `slice` is no such thing where the bytes are
 * a `Buffer` of a Node socket: there it is a view.
 */
export function copy(bytes: Uint8Array, offset: number, lengthBytes: number): Uint8Array {
  return new Uint8Array(bytes.subarray(offset, offset + lengthBytes));
}
