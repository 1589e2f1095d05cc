import type { Clock, Timer } from "../../core/clock/mod.ts";
import type { TunnelStatus } from "../../core/tunnel/mod.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { EventBus } from "./event_bus.ts";
import { OutputBuffer } from "./output_buffer.ts";
import { diffStatus } from "./status_diff.ts";

/** How often tunnels are looked at while somebody listens for events; nobody: never. */
const LOOK_INTERVAL_MS = 500;

/** Options of {@linkcode RunningClient}. */
export interface RunningClientOptions {
  /** Name of the profile as the user gave it; "" where there is none. */
  profile: string;
  /** Whether every connection and attempt is logged at first. */
  verbose: boolean;
  /** Times the looks at the tunnels, and the uptime. */
  clock: Clock;
  /** Ends the program, as Ctrl-C does. */
  stop: () => void;
}

/** A `tela connect` as others see and steer it through the control API. */
export class RunningClient {
  /** Name of the profile, "" if none. */
  readonly profile: string;
  /** Ends the program. */
  readonly stop: () => void;
  /** What happens. */
  readonly events: EventBus;
  /** What the program has logged. */
  readonly output: OutputBuffer = new OutputBuffer();
  /** Whether every connection and attempt is logged. */
  verbose: boolean;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #connections: Connection[] = [];
  #seen: (TunnelStatus | undefined)[] = [];
  #timer: Timer | undefined;

  /** Starts with no connection. */
  constructor({ profile, verbose, clock, stop }: RunningClientOptions) {
    this.profile = profile;
    this.verbose = verbose;
    this.stop = stop;
    this.#clock = clock;
    this.#startedMs = clock.nowMs();
    this.events = new EventBus((present) => this.#onAudience(present));
  }

  /** Milliseconds since the start. */
  get uptimeMs(): number {
    return this.#clock.nowMs() - this.#startedMs;
  }

  /** In the order in which they were added. */
  get connections(): readonly Connection[] {
    return this.#connections;
  }

  /** Adds a connection. */
  addConnection(options: Omit<ConnectionOptions, "events" | "index">): Connection {
    const index = this.#connections.length;
    const connection = new Connection({ ...options, index, events: this.events });
    this.#connections.push(connection);
    return connection;
  }

  #onAudience(present: boolean): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!present) return;
    this.#seen = this.#connections.map(({ tunnel }) => tunnel);
    this.#setTimer();
  }

  #setTimer(): void {
    this.#timer = this.#clock.setTimer(() => {
      this.#setTimer();
      this.#look();
    }, LOOK_INTERVAL_MS);
  }

  /** Tells what has changed since the last look. */
  #look(): void {
    const before = this.#seen;
    const nowWallMs = this.#clock.wallMs();
    this.#seen = this.#connections.map(({ tunnel }) => tunnel);
    for (const [i, { place }] of this.#connections.entries()) {
      const change = { place, before: before[i], after: this.#seen[i], nowWallMs };
      for (const event of diffStatus(change)) this.events.publish(event);
    }
  }
}
