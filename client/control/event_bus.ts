import type { TunnelStatus } from "../../core/tunnel/mod.ts";

/** Which connection of a client an event is about. */
export interface ConnectionPlace {
  /** Number of the connection within its client, from 0. */
  readonly index: number;
  /** Address of the hub. */
  readonly hub: string;
  /** Name of the machine. */
  readonly machine: string;
}

/** A local port that leads to a machine. Spec: client.md 3 (`/services`) */
export interface BoundService {
  /** What commonly answers there, as `SSH`. */
  readonly name: string;
  /** Local port. */
  readonly local: number;
  /** Port of the machine. */
  readonly remote: number;
  /** Local address. */
  readonly bindAddr: string;
  /** Name of the machine. */
  readonly machine: string;
  /** Address of the hub. */
  readonly hub: string;
}

/** What has changed about a tunnel, with the whole of its status after the change. */
export type TunnelEventType =
  | "path_changed"
  | "peer_verified"
  | "tunnel_ended"
  | "tunnel_resumed"
  | "tunnel_up"
  | "tunnel_waiting";

/** A change of a tunnel: ours, not the reference's. */
export interface TunnelEvent extends ConnectionPlace {
  /** What has changed. */
  readonly type: TunnelEventType;
  /** Wall time of the change as far as it is known, RFC 3339 with milliseconds. */
  readonly time: string;
  /** The tunnel after it; absent when there is none any more. */
  readonly status?: TunnelStatus;
}

/** What `/ws` of the control API sends. Spec: client.md 3 (server events) */
export type ControlEvent =
  | {
    readonly type: "connection_state";
    readonly connected: boolean;
    readonly profileName?: string;
  }
  | { readonly type: "service_bound" } & BoundService
  | {
    readonly type: "tunnel_activity";
    readonly machine: string;
    readonly localPort: number;
    readonly remote: number;
    readonly active: boolean;
  }
  | { readonly type: "events_dropped"; readonly count: number }
  | TunnelEvent;

/** Receives every event; must not block. */
export type EventSink = (event: ControlEvent) => void;

/** Passes events on to those who listen at that moment. Nothing is kept for later ones. */
export class EventBus {
  readonly #sinks = new Set<EventSink>();
  readonly #onAudience: (present: boolean) => void;

  /** `onAudience` is told when the first listener comes and the last goes. */
  constructor(onAudience: (present: boolean) => void = () => {}) {
    this.#onAudience = onAudience;
  }

  /** Listens until disposed of. */
  subscribe(sink: EventSink): Disposable {
    this.#sinks.add(sink);
    if (this.#sinks.size === 1) this.#onAudience(true);
    return {
      [Symbol.dispose]: () => {
        if (this.#sinks.delete(sink) && this.#sinks.size === 0) this.#onAudience(false);
      },
    };
  }

  /** Gives an event to all who listen. */
  publish(event: ControlEvent): void {
    for (const sink of this.#sinks) sink(event);
  }
}
