/**
 * The local control API of a running client: what it shows, how others of the same user read and
 * steer it, and the stream of what happens.
 *
 * @module
 */

export { Connection, type ConnectionState, type ConnectionStatus } from "./connection.ts";
export type { BoundPort, ConnectionOptions, StatusSource } from "./connection.ts";
export {
  askClient,
  type AskOptions,
  type ControlAnswer,
  findClients,
  type FoundClient,
} from "./control_client.ts";
export type { ControlAddress } from "./control_file.ts";
export { ControlServer, type ControlServerOptions } from "./control_server.ts";
export {
  type BoundService,
  type ConnectionPlace,
  type ControlEvent,
  EventBus,
  type EventSink,
  type TunnelEvent,
  type TunnelEventType,
} from "./event_bus.ts";
export { followClient, type FollowOptions } from "./follow_client.ts";
export { OutputBuffer } from "./output_buffer.ts";
export { RunningClient, type RunningClientOptions } from "./running_client.ts";
