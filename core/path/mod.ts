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
export type { Carrier } from "./carrier.ts";
export { PATH_KINDS, type PathKind } from "./kind.ts";
export { Paths } from "./paths.ts";
export type { PathEvent, PathsHandler, PathsOptions, Progress } from "./paths_options.ts";
export type { PeerAnswer, QuestionsHandler, QuestionsOptions } from "./questions.ts";
export type { PathsStatus, PathStatus } from "./status.ts";
export { TunnelUdp, type TunnelUdpHandler, type TunnelUdpOptions } from "./tunnel_udp.ts";
export {
  type BindUdp,
  type StunServer,
  systemUdp,
  type UdpAddress,
  type UdpHandler,
  type UdpPort,
  type UdpSystem,
} from "./udp_port.ts";
export type { DirectLinkHandler } from "./direct_link.ts";
export type { PlacedOffer, UdpRelayHandler } from "./udp_relay.ts";
export { type PathMessage, readPathMessage, writePathMessage } from "./path_message.ts";
