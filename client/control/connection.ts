import type { TunnelStatus } from "../../core/tunnel/mod.ts";
import type { BoundService, ConnectionPlace, EventBus } from "./event_bus.ts";

/** What tells the truth about a tunnel; a tunnel is one. */
export interface StatusSource {
  /** The tunnel at this moment. */
  status(): TunnelStatus;
}

/** How a connection to a machine is doing. */
export type ConnectionState = "connecting" | "ended" | "up" | "waiting";

/** A connection as `GET /status` shows it. */
export interface ConnectionStatus extends ConnectionPlace {
  /** `waiting`: no path works, streams are kept. `connecting`: there is no tunnel, one is sought. */
  readonly state: ConnectionState;
  /** The tunnel; null where there is none. */
  readonly tunnel: TunnelStatus | null;
  /** Local ports that lead to the machine. */
  readonly services: readonly BoundService[];
  /** Local TCP connections open now, those that wait for the tunnel included. */
  readonly openConnections: number;
  /** Why no tunnel is up, for a person; "" if one is, or nothing has been tried yet. */
  readonly note: string;
}

/** Options of {@linkcode Connection}. */
export interface ConnectionOptions extends ConnectionPlace {
  /** Receives what happens to it. */
  readonly events: EventBus;
  /** Drops the tunnel, or the wait for the next attempt, and makes a new one at once. */
  readonly reconnect: () => void;
  /** The tunnel of the moment. */
  readonly source: () => StatusSource | undefined;
}

/** A local port and the machine's port it leads to. */
export interface BoundPort {
  /** Local port. */
  readonly local: number;
  /** Port of the machine. */
  readonly remote: number;
  /** What commonly answers there. */
  readonly name: string;
}

/** One connection of a running client to a machine, as the control API shows it. */
export class Connection {
  /** Which one it is. */
  readonly place: ConnectionPlace;
  /** Asks for a new tunnel at once. */
  readonly reconnect: () => void;
  readonly #events: EventBus;
  readonly #services = new Map<number, BoundService>();
  readonly #source: () => StatusSource | undefined;
  #openConnections = 0;
  #note = "";

  /** Starts with no port. */
  constructor({ index, hub, machine, events, reconnect, source }: ConnectionOptions) {
    this.place = { index, hub, machine };
    this.#events = events;
    this.reconnect = reconnect;
    this.#source = source;
  }

  /** The tunnel now, if there is one. */
  get tunnel(): TunnelStatus | undefined {
    return this.#source()?.status();
  }

  /** Says for a person why no tunnel is up. */
  setNote(text: string): void {
    this.#note = text;
  }

  /** Shows a local port, bound on 127.0.0.1. */
  bound({ local, remote, name }: BoundPort): void {
    const { hub, machine } = this.place;
    const service = { name, local, remote, bindAddr: "127.0.0.1", machine, hub };
    this.#services.set(local, service);
    this.#events.publish({ type: "service_bound", ...service });
  }

  /** Shows no local port any more. */
  unboundAll(): void {
    this.#services.clear();
  }

  /**
   * Counts a local TCP connection until `ended` resolves, which must not reject.
   *
   * Spec: client.md 3 (`tunnel_activity`)
   */
  carries(mapping: { local: number; remote: number }, ended: Promise<void>): void {
    this.#count(mapping, true);
    ended.finally(() => this.#count(mapping, false));
  }

  #count({ local, remote }: { local: number; remote: number }, active: boolean): void {
    this.#openConnections += active ? 1 : -1;
    const { machine } = this.place;
    this.#events.publish({ type: "tunnel_activity", machine, localPort: local, remote, active });
  }

  /** All that is known of it. */
  status(): ConnectionStatus {
    const tunnel = this.tunnel;
    return {
      ...this.place,
      state: tunnel?.state ?? "connecting",
      tunnel: tunnel ?? null,
      services: [...this.#services.values()],
      openConnections: this.#openConnections,
      note: tunnel?.state === "up" ? "" : this.#note,
    };
  }
}
