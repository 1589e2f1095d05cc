import type { Clock } from "../core/clock/mod.ts";
import { type Log, RepeatLog } from "../core/log/mod.ts";
import type { Connection, RunningClient } from "./control/mod.ts";
import type { ClientTunnel } from "./deps.ts";
import { Forwarder } from "./forwarder.ts";
import type { Link } from "./link.ts";
import { type Listen, ListenerSet } from "./listener_set.ts";
import { portLabel } from "./ports.ts";
import { Retry } from "./reconnect.ts";
import { TunnelSlot } from "./tunnel_slot.ts";

/** Failures that are alike are told in one line for so long: whoever mends a service looks on. */
const FAILURES_WINDOW_MS = 10_000;

/** Options of {@linkcode Forwarding}. */
export interface ForwardingOptions {
  /** Shows it to others. */
  client: RunningClient;
  /** Address of the hub. */
  hub: string;
  /** Name of the machine. */
  machine: string;
  /** Opens the listeners. */
  listen: Listen;
  /** Times what is logged once for many. */
  clock: Clock;
  /** Receives what a user should know. */
  log: Log;
  /** Receives a line for each connection. */
  debug: (text: string) => void;
}

/** What lives as long as a connection to a machine is wanted: its ports, and the tunnel's place. */
export class Forwarding {
  /** Where tunnels come and go. */
  readonly slot: TunnelSlot<ClientTunnel> = new TunnelSlot();
  /** The wait for the next tunnel. */
  readonly retry: Retry = new Retry();
  /** The local ports. */
  readonly listeners: ListenerSet;
  /** What others see of it. */
  readonly connection: Connection;
  /** The way to the machine, once there is one. */
  link: Link | undefined;
  readonly #failures: RepeatLog;
  readonly #forwarder: Forwarder;

  /** Starts with no port and no tunnel. */
  constructor({ client, hub, machine, listen, clock, log, debug }: ForwardingOptions) {
    const connection = client.addConnection({
      hub,
      machine,
      source: () => this.link?.tunnel,
      reconnect: () => {
        this.retry.now();
        this.link?.reconnect();
      },
    });
    this.connection = connection;
    this.#failures = new RepeatLog(log, { clock, windowMs: FAILURES_WINDOW_MS });
    const forwarder = new Forwarder({ slot: this.slot, failures: this.#failures, debug });
    this.#forwarder = forwarder;
    this.listeners = new ListenerSet({
      listen,
      log,
      onBound: (bound) => connection.bound({ ...bound, name: portLabel(bound.remote) }),
      accept: (stream, bound) => connection.carries(bound, forwarder.forward(stream, bound.remote)),
    });
  }

  /** Stops listening and ends all local connections, for good. */
  close(): void {
    this.listeners.close();
    this.#forwarder.close();
    this.#failures.flush();
    this.connection.unboundAll();
  }
}
