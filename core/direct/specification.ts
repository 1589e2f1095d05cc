/** Datagram by which a reference peer opens a hole and finds an address. Spec: wire.md 5.5 */
export const PUNCH: Uint8Array = Uint8Array.of(0x54, 0x50, 0x55, 0x4e, 0x43, 0x48);

/** Between two of them, milliseconds. Spec: wire.md 5.5 */
export const PUNCH_INTERVAL_MS = 100;

/** How long they are sent, milliseconds. Spec: wire.md 5.5 */
export const PUNCH_DURATION_MS = 5_000;
