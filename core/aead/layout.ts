/**
 * Where things stand in the memory of the module, in bytes. The text is preceded by one block of
 * zeros on its way in, so that encrypting from there on yields, in one sweep, first the key of the
 * MAC and then the text. Spec: RFC 8439 §2.6, §2.8.
 */

/** Longest text that one call takes, in bytes, without the tag. */
export const MAX_TEXT_BYTES = 65_536;

/** Bytes of a ChaCha20 or Poly1305 key. Spec: RFC 8439 §2.3, §2.5. */
export const KEY_BYTES = 32;
/** Bytes of a ChaCha20 block. Spec: RFC 8439 §2.3. */
export const BLOCK_BYTES = 64;
/** Bytes of the four blocks that are computed side by side. */
export const GROUP_BYTES = 4 * BLOCK_BYTES;
/** Bytes of a Poly1305 tag, and of the pieces that it takes in. Spec: RFC 8439 §2.5. */
export const TAG_BYTES = 16;

/** The sixteen words of the ChaCha20 state. Spec: RFC 8439 §2.3. */
export const STATE = 0;
/** The key among them: written before each call, wiped at its end. */
export const KEY = STATE + 16;

/** A group may begin at the last byte of the text. */
const REGION_BYTES = BLOCK_BYTES + MAX_TEXT_BYTES + GROUP_BYTES;

/** What goes in: the zeros, the text, and when opening its tag. */
export const INPUT = STATE + BLOCK_BYTES;
/** What comes out: the key of the MAC (until the call ends), the text, and when sealing its tag. */
export const OUTPUT = INPUT + REGION_BYTES;
/** Where the text begins on its way in. */
export const INPUT_TEXT = INPUT + BLOCK_BYTES;
/** Where the text begins on its way out. */
export const OUTPUT_TEXT = OUTPUT + BLOCK_BYTES;

/** Size of the memory in units of 64 KiB. */
export const MEMORY_PAGES = Math.ceil((OUTPUT + REGION_BYTES) / 65_536);
