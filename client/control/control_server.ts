import { encodeHex, type Random } from "../../core/bytes/mod.ts";
import type { Clock, Timer } from "../../core/clock/mod.ts";
import type { Host } from "../../core/config/mod.ts";
import { ControlApi, STOP_DELAY_MS } from "./api.ts";
import { askClient } from "./control_client.ts";
import { type ControlFile, removeControlFile, writeControlFile } from "./control_file.ts";
import { EventSocket, type EventTransport } from "./event_socket.ts";
import type { RunningClient } from "./running_client.ts";

const TOKEN_BYTES = 32;

/** Listeners to events at once; more are refused. */
const MAX_LISTENERS = 32;

/** Deno pings a WebSocket that was silent for so long, and ends it if so long again no pong comes. */
const PING_AFTER_SECONDS = 20;

/** Options of {@linkcode ControlServer.start}. */
export interface ControlServerOptions {
  /** The program that is shown and steered. */
  client: RunningClient;
  /** Tells where its control file goes. */
  host: Host;
  /** Id of this process. */
  pid: number;
  /** Times the stop, and the waits for tokens and for another client's answer. */
  clock: Clock;
  /** Makes the token. */
  random: Random;
}

/** The platform's socket throws when it is told to send while it closes. */
function transportOf(socket: WebSocket): EventTransport {
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (text) => void (socket.readyState === WebSocket.OPEN && socket.send(text)),
    close: (code, reason) => socket.close(code, reason),
  };
}

/**
 * The control API of this process: a server on 127.0.0.1 and the file that tells where it is.
 *
 * Spec: client.md 3
 */
export class ControlServer implements AsyncDisposable {
  readonly #options: ControlServerOptions;
  readonly #token: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #abort = new AbortController();
  readonly #listeners = new Set<EventSocket>();
  #file: ControlFile | undefined;
  #stopTimer: Timer | undefined;

  private constructor(options: ControlServerOptions, token: string) {
    this.#options = options;
    this.#token = token;
    this.#server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      signal: this.#abort.signal,
      onListen() {},
    }, (request) => api.handle(request));
    const { client } = options;
    const { port } = this.#server.addr;
    const upgrade = this.#upgrade.bind(this);
    const api = new ControlApi({ client, token, port, upgrade, stopSoon: () => this.#stopSoon() });
  }

  /**
   * Listens and writes the control file.
   *
   * @throws {import("../../core/config/mod.ts").ConfigError} if the file cannot be written
   */
  static async start(options: ControlServerOptions): Promise<ControlServer> {
    const { host, pid, clock, random } = options;
    const secret = new Uint8Array(TOKEN_BYTES);
    random(secret);
    const token = encodeHex(secret);
    const server = new ControlServer(options, token);
    try {
      const address = { pid, port: server.#server.addr.port, token };
      server.#file = await writeControlFile(address, {
        host,
        isGone: async (other) => (await askClient(other, { clock })).state === "gone",
      });
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Takes leave of the listeners, stops listening and removes the control file. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopTimer?.cancel();
    for (const listener of this.#listeners) listener.goodbye();
    this.#abort.abort();
    await this.#server.finished;
    if (this.#file !== undefined) await removeControlFile(this.#file);
  }

  #stopSoon(): void {
    const { client, clock } = this.#options;
    this.#stopTimer ??= clock.setTimer(() => client.stop(), STOP_DELAY_MS);
  }

  #upgrade(request: Request, { authorized }: { authorized: boolean }): Response {
    const { headers } = request;
    // The platform throws where these are missing; it checks the rest itself.
    if (
      headers.get("upgrade")?.toLowerCase() !== "websocket" || !headers.has("sec-websocket-key")
    ) {
      return new Response("A WebSocket upgrade is expected\n", { status: 426 });
    }
    if (this.#listeners.size >= MAX_LISTENERS) {
      return new Response("Too many listeners\n", { status: 503 });
    }
    const { client, clock } = this.#options;
    const token = this.#token;
    const { socket, response } = Deno.upgradeWebSocket(request, {
      idleTimeout: PING_AFTER_SECONDS,
    });
    socket.onopen = () => {
      const listener = new EventSocket({
        transport: transportOf(socket),
        client,
        token,
        authorized,
        clock,
      });
      this.#listeners.add(listener);
      socket.onmessage = ({ data }) => listener.message(data);
      socket.onclose = () => {
        listener.ended();
        this.#listeners.delete(listener);
      };
    };
    return response;
  }
}
