/**
 * WebSockets of our own, at both ends. The platform's hide pings and pongs, restrict close codes and
 * cannot hold back reading; the protocol needs all three, and relaying gains from batched writes.
 *
 * @module
 */

export { type CloseInfo, WebSocketConnection } from "./connection.ts";
export type { WebSocketHandlers, WebSocketOptions } from "./connection.ts";
export { DialError, type DialErrorCode, type DialOptions, dialWebSocket } from "./dial.ts";
export { CloseCode } from "./frame.ts";
export {
  acceptKey,
  answerUpgrade,
  refuseUpgrade,
  type RequestHeaders,
  type UpgradeAnswer,
} from "./handshake.ts";
