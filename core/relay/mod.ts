/**
 * The relay frame: the seven bytes that a hub reads of what it carries.
 *
 * @example
 * ```ts
 * import { forwardRelayFrame, readRelayFrame, RELAY_HEADER_BYTES, writeRelayHeader } from "./mod.ts";
 *
 * const frame = new Uint8Array(RELAY_HEADER_BYTES + 32);
 * writeRelayHeader(frame, 0, RelayFlags.data, 0xaabbccdd);
 * console.log(forwardRelayFrame(frame, 0, frame.length), readRelayFrame(frame, 0, frame.length));
 * ```
 *
 * @module
 */

export {
  forwardRelayFrame,
  type ForwardVerdict,
  readRelayFrame,
  RELAY_HEADER_BYTES,
  RelayControl,
  RelayFlags,
  type RelayFrame,
  writeRelayHeader,
} from "./frame.ts";
