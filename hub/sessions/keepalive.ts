/** Texts of at least so many bytes are relayed whatever they say. Spec: wire.md 2.7 */
const KEEPALIVE_LIMIT_BYTES = 64;

const encoder = new TextEncoder();
const scratch = new Uint8Array(KEEPALIVE_LIMIT_BYTES);

/** Tells whether a text on a paired socket is a keepalive, which the hub absorbs. */
export function isKeepalive(text: string): boolean {
  if (text.length >= KEEPALIVE_LIMIT_BYTES || !text.includes('"keepalive"')) return false;
  const { read, written } = encoder.encodeInto(text, scratch);
  return read === text.length && written < KEEPALIVE_LIMIT_BYTES;
}
