/** Length of the header of every message. Spec: RFC 8489 §5 */
export const STUN_HEADER_BYTES = 20;

/** Bytes 4 to 7 of every message. Spec: RFC 8489 §5 */
export const MAGIC_COOKIE = 0x2112a442;

/** Spec: RFC 8489 §5 */
export const TRANSACTION_ID_BYTES = 12;

/** The Binding method in its four classes. Spec: RFC 8489 §5 */
export const MessageType = {
  bindingRequest: 0x0001,
  bindingIndication: 0x0011,
  bindingSuccess: 0x0101,
  bindingError: 0x0111,
} as const;

/** Types of the attributes that are read or written here. Spec: RFC 8489 §18.3 */
export const Attribute = {
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  messageIntegritySha256: 0x001c,
  xorMappedAddress: 0x0020,
} as const;

/** Attributes below must be understood by who reads them. Spec: RFC 8489 §14 */
export const FIRST_OPTIONAL_ATTRIBUTE = 0x8000;

/**
 * Attributes one must understand that mean nothing to a plain binding: those of the authentication
 * that nobody here asks for, and those that RFC 3489 had and old servers still send.
 *
 * Spec: RFC 8489 §18.3
 */
export const HARMLESS_ATTRIBUTES: ReadonlySet<number> = new Set([
  0x0000, // reserved
  0x0001, // MAPPED-ADDRESS
  0x0002, // RESPONSE-ADDRESS
  0x0003, // CHANGE-REQUEST
  0x0004, // SOURCE-ADDRESS
  0x0005, // CHANGED-ADDRESS
  0x0006, // USERNAME
  0x0007, // PASSWORD
  0x0009, // ERROR-CODE
  0x000a, // UNKNOWN-ATTRIBUTES
  0x000b, // REFLECTED-FROM
  0x0014, // REALM
  0x0015, // NONCE
  0x001d, // PASSWORD-ALGORITHM
  0x001e, // USERHASH
]);

/** First wait for an answer, milliseconds; it doubles. Spec: RFC 8489 §6.2.1 RTO */
export const RTO_MS = 500;

/** The last wait in multiples of the first. Spec: RFC 8489 §6.2.1 Rm */
export const LAST_WAIT_RTOS = 16;
