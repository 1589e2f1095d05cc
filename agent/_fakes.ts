import assert from "node:assert/strict";
import { ManualClock, systemRandom } from "../core/clock/mod.ts";
import {
  type ControlMessage,
  type MgmtRequest,
  type MgmtResponse,
  parseControl,
} from "../core/control/mod.ts";
import { AgentIdentity } from "../core/identity/mod.ts";
import { createLog } from "../core/log/mod.ts";
import { HubSocket } from "../core/path/mod.ts";
import { type ByteStream, type ConnLike, streamPair } from "../core/stream/mod.ts";
import { type CloseInfo, WebSocketConnection } from "../core/websocket/mod.ts";
import type { MachineConfig } from "./config.ts";
import type { SessionSettings } from "./session.ts";
import type { SessionTunnel, SessionTunnelOptions, Surroundings } from "./surroundings.ts";

/** Lets everything that is ready happen. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Values that a test waits for in order. */
export class Queue<T> {
  readonly #values: T[] = [];
  #wake: (() => void) | undefined;

  push(value: T): void {
    this.#values.push(value);
    this.#wake?.();
  }

  async next(): Promise<T> {
    while (this.#values.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#values.shift()!;
  }

  get length(): number {
    return this.#values.length;
  }
}

/** The hub's end of one socket of an agent. */
export class HubEnd {
  /** What the agent has sent and the test has not looked at yet. */
  readonly received: Queue<ControlMessage> = new Queue();
  readonly closed: Promise<CloseInfo>;
  readonly #ws: WebSocketConnection;
  #reads = true;

  constructor(ws: WebSocketConnection) {
    this.#ws = ws;
    this.closed = ws.run({
      text: (text) => this.received.push(parseControl(text) as ControlMessage),
      binary: () => assert.fail("an agent sends no frame of its own"),
    });
  }

  /** The next message, which is to be of this type. */
  async expect<T extends ControlMessage["type"]>(
    type: T,
  ): Promise<Extract<ControlMessage, { type: T }>> {
    const message = await this.received.next();
    assert.equal(message.type, type);
    return message as Extract<ControlMessage, { type: T }>;
  }

  send(message: ControlMessage | string): void {
    this.#ws.sendText(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Refuses as hubs do. */
  refuse(message: string): void {
    this.send({ type: "error", message });
    this.#ws.close(1008, message);
  }

  /** Whether the agent gets rid of what it writes. */
  get reads(): boolean {
    return this.#reads;
  }

  /** Reads nothing more: what the agent writes stays with it. */
  stopReading(): void {
    this.#reads = false;
  }

  /** Breaks the connection without a close frame. */
  cut(): void {
    this.#ws.abort();
  }
}

/** A connection inside a fake tunnel: `conn` is the agent's end, `client` the other. */
export interface FakeConn {
  readonly conn: ConnLike;
  readonly client: ByteStream;
}

/** A connected pair whose one end has the shape of a connection of a tunnel. */
export function fakeConn(): FakeConn {
  const [near, client] = streamPair();
  let rest = new Uint8Array(0);
  const conn: ConnLike = {
    async read(buffer) {
      const chunk = rest.length > 0 ? rest : await near.read();
      if (chunk === null) return null;
      const count = Math.min(chunk.length, buffer.length);
      buffer.set(chunk.subarray(0, count));
      rest = chunk.slice(count);
      return count;
    },
    write: (bytes) => near.write(bytes).then(() => bytes.length),
    closeWrite: () => near.closeWrite(),
    close: () => near.close(),
    abort: () => near.abort(),
    remoteAddr: { transport: "tcp", hostname: "10.77.1.2", port: 50000 },
  };
  return { conn, client };
}

/** A tunnel that a test plays the client of. */
export class FakeTunnel implements SessionTunnel {
  readonly closed: Promise<string>;
  readonly options: SessionTunnelOptions;
  /** Sockets that were attached, the last one in use. */
  readonly sockets: HubSocket[] = [];
  /** Whether the client was told that it need not wait. */
  left = false;
  /** Whether the client proves at once to be behind a socket. */
  proves = true;
  /** Whether the client can be reached. */
  state: "up" | "waiting" = "waiting";
  readonly #end = Promise.withResolvers<string>();
  readonly #listeners = new Map<number, Queue<ConnLike>>();

  constructor(options: SessionTunnelOptions) {
    this.options = options;
    this.closed = this.#end.promise;
  }

  get ports(): number[] {
    return [...this.#listeners.keys()];
  }

  listen({ port }: { port: number }) {
    const queue = new Queue<ConnLike>();
    this.#listeners.set(port, queue);
    const ended = this.closed.then((reason) => Promise.reject(new Error(reason)));
    ended.catch(() => {});
    return { accept: () => Promise.race([queue.next(), ended]) };
  }

  connect(port: number): ByteStream {
    const { conn, client } = fakeConn();
    this.#listeners.get(port)!.push(conn);
    return client;
  }

  attach(socket: HubSocket): void {
    this.sockets.at(-1)?.close();
    this.sockets.push(socket);
    if (this.proves) this.options.handler.up?.();
    this.#watch(socket);
  }

  end(reason: string): void {
    this.#end.resolve(reason);
    this.sockets.at(-1)?.close();
  }

  leave(reason: string): void {
    this.left = true;
    this.end(reason);
  }

  async #watch(socket: HubSocket): Promise<void> {
    const { handler } = this.options;
    let reason = "the hub connection ended";
    for (let m = await socket.next(); m !== undefined; m = await socket.next()) {
      if (m.type === "session-end") {
        reason = "the peer has left";
        socket.close();
      } else handler.message?.(m, { proven: true });
    }
    if (socket === this.sockets.at(-1)) handler.waiting?.(reason);
  }
}

/** A hub, a clock, targets and tunnels for agents under test. */
export class FakeWorld {
  readonly clock: ManualClock = new ManualClock();
  readonly lines: string[] = [];
  /** Sockets that agents have opened and the test has not looked at yet. */
  readonly sockets: Queue<HubEnd> = new Queue();
  readonly tunnels: Queue<FakeTunnel> = new Queue();
  /** Targets that agents have dialled; the test plays the service. */
  readonly targets: Queue<ByteStream> = new Queue();
  readonly dialled: string[] = [];
  /** Makes dialling the hub fail. */
  hubFault: Error | undefined;
  /** Replaces the dialling of targets. */
  dialTarget: Surroundings["dialTarget"] = () => {
    const [near, far] = streamPair();
    this.targets.push(far);
    return Promise.resolve(near);
  };

  surroundings(more: Partial<Surroundings> = {}): Surroundings {
    const { clock } = this;
    return {
      clock,
      // The middle of the range: reconnects come without jitter.
      random: (out) => void out.fill(0x80),
      log: createLog({ component: "telad", write: (line) => this.lines.push(line), clock }),
      verbose: false,
      dialHub: (options) => this.#dialHub(options.signal),
      dialTarget: (address, signal) => {
        this.dialled.push(`${address.hostname}:${address.port}`);
        return this.dialTarget(address, signal);
      },
      newKeys: () => ({
        privateKey: new Uint8Array(32).fill(1),
        publicKey: new Uint8Array(32).fill(0xab),
      }),
      openTunnel: (options) => {
        const tunnel = new FakeTunnel(options);
        this.tunnels.push(tunnel);
        return tunnel;
      },
      ...more,
    };
  }

  /** Whether a line of the log contains `text`. */
  logged(text: string): boolean {
    return this.lines.some((line) => line.includes(text));
  }

  #dialHub(signal: AbortSignal): Promise<HubSocket> {
    signal.throwIfAborted();
    if (this.hubFault !== undefined) return Promise.reject(this.hubFault);
    const [a, b] = streamPair();
    const common = { clock: this.clock, random: systemRandom };
    const far = new WebSocketConnection({ stream: b, role: "server", ...common });
    const hub = new HubEnd(far);
    this.sockets.push(hub);
    const write = (bytes: Uint8Array) => hub.reads ? a.write(bytes) : new Promise<void>(() => {});
    const near = new WebSocketConnection({ stream: { ...a, write }, role: "client", ...common });
    return Promise.resolve(new HubSocket(near, this.clock));
  }
}

/** Who the agents under test are. */
export const FAKE_IDENTITY: AgentIdentity = new AgentIdentity(new Uint8Array(32).fill(5));

/** What sessions and machines under test have in common. */
export const FAKE_SETTINGS: Pick<SessionSettings, "graceMs" | "identity" | "mtuBytes"> = {
  mtuBytes: 1100,
  graceMs: 120_000,
  identity: FAKE_IDENTITY,
};

/** Answers management requests as an agent does that knows no action. */
export function refuseAll({ requestId, action }: MgmtRequest): Promise<MgmtResponse> {
  const message = `unknown action: ${action}`;
  return Promise.resolve({ type: "mgmt-response", requestId, ok: false, message });
}

/** A machine with two ports. */
export function fakeMachine(more: Partial<MachineConfig> = {}): MachineConfig {
  return {
    name: "barn",
    displayName: "",
    location: "",
    owner: "",
    tags: [],
    hostname: "box",
    os: "linux",
    ports: [22, 80],
    services: [{ port: 22, proto: "tcp" }, { port: 80, proto: "tcp" }],
    target: "127.0.0.1",
    token: "secret-token",
    ...more,
  };
}
