import { type ControlMessage, encodeControl } from "../../core/control/mod.ts";
import type { Clock, Timer } from "../../core/clock/mod.ts";
import type { WebSocketConnection } from "../../core/websocket/mod.ts";
import { Pulse } from "../liveness/mod.ts";
import type { Machine } from "../registry/mod.ts";
import { Outflow } from "../relay/mod.ts";
import type { Holder } from "./context.ts";
import type { Session } from "./session_table.ts";

/** The part of a WebSocket that sessions need. */
export type Connection = Pick<
  WebSocketConnection,
  | "remoteAddress"
  | "bufferedBytes"
  | "sendText"
  | "sendBinary"
  | "ping"
  | "drained"
  | "close"
  | "closeNow"
  | "abort"
  | "run"
>;

/** A socket that is the control socket of a machine. */
export interface ControlState {
  readonly kind: "control";
  readonly machine: Machine;
  /** Whose token it registered with; undefined on an open hub. */
  readonly holder: Holder | undefined;
}

/** What a socket has turned out to be. `ended`: whatever still arrives is ignored. */
export type PeerState =
  | { readonly kind: "new" }
  | ControlState
  | { readonly kind: "client"; readonly session: Session }
  | { readonly kind: "agent"; readonly session: Session }
  | { readonly kind: "ended" };

/** One WebSocket at the hub. */
export class Peer {
  /** The socket. */
  readonly connection: Connection;
  /** What it is sent of its session. */
  readonly outflow: Outflow;
  /** Whether it still lives. */
  readonly pulse: Pulse;
  /** What it has turned out to be. */
  state: PeerState = { kind: "new" };
  /** Where what arrives is relayed to; undefined unless it is paired. */
  target: Outflow | undefined;

  /** Ends the wait for its first message. */
  hello: Timer | undefined;
  /** Told when that wait is over. */
  onGreeted: (() => void) | undefined;

  /** Takes the socket. */
  constructor(connection: Connection, clock: Clock) {
    this.connection = connection;
    this.outflow = new Outflow(connection, clock);
    this.pulse = new Pulse(clock.nowMs());
  }

  /** It has said what it is, or gone; its timer is not kept. */
  greeted(): void {
    this.hello?.cancel();
    this.hello = undefined;
    this.onGreeted?.();
    this.onGreeted = undefined;
  }

  /** Sends a control message. */
  send(message: ControlMessage): void {
    this.connection.sendText(encodeControl(message));
  }

  /** Stops taking part; its session, if any, is somebody else's business. */
  retire(): void {
    this.state = { kind: "ended" };
    this.target = undefined;
  }

  /** Retires with an error text and a close frame of 1008. Spec: wire.md 1.5 ("error then close") */
  refuse(message: string): void {
    this.retire();
    this.send({ type: "error", message });
    this.connection.close(1008, message);
  }

  /** Retires with a close frame of 1001. Spec: wire.md 1.5 ("going away") */
  dismiss(reason: string): void {
    this.retire();
    this.connection.closeNow(1001, reason);
  }

  /** Retires without a close frame. Spec: wire.md 1.5 ("abrupt") */
  cut(): void {
    this.retire();
    this.connection.abort();
  }
}
