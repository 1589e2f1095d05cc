/**
 * Paths: what carries a session between agent and client, and the connection to the hub that both
 * begin with.
 *
 * @module
 */

export {
  dialHub,
  type DialHubOptions,
  type FrameHandler,
  HubSocket,
  type HubSocketDrops,
} from "./hub_socket.ts";
export {
  type DatagramHandler,
  SessionPath,
  type SessionPathDrops,
  type SessionPathOptions,
} from "./session_path.ts";
