/** An IPv4 address as an unsigned 32-bit number, most significant byte first. */
export type Ipv4Address = number & { readonly brand: "Ipv4Address" };

const DOTTED = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/**
 * The address whose unsigned 32-bit value is `value`.
 *
 * @throws {RangeError} if `value` is not an integer from 0 to 2^32 - 1
 */
export function ipv4Address(value: number): Ipv4Address {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new RangeError(`Cannot make an IPv4 address: ${value} is not from 0 to 4294967295`);
  }
  return value as Ipv4Address;
}

/**
 * The address written as four decimal numbers, or `undefined` if the text is anything else. Leading
 * zeros are refused, since some systems read them as octal.
 */
export function parseIpv4Address(text: string): Ipv4Address | undefined {
  const match = DOTTED.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (let i = 1; i <= 4; i++) {
    const octet = Number(match[i]);
    if (octet > 255) return undefined;
    value = value * 256 + octet;
  }
  return value as Ipv4Address;
}

/** The address as four decimal numbers. */
export function formatIpv4Address(address: Ipv4Address): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}
