import { systemClock, type Timer } from "../clock/mod.ts";
import type { ByteStream } from "./stream.ts";
import type { TcpAddress } from "./tcp.ts";
import { type Listener, type ListenerOptions, openListener } from "./tcp_listener.ts";

/** File descriptors left over for what else the process needs, now or later: its hub, names, files. */
const SPARE_FILES = 8;

/** For so many accepted connections there is room without asking. */
const FEW_CONNECTIONS = 8;

/** How often it is asked whether there is room again. */
const ROOM_INTERVAL_MS = 1000;

/** Options of {@linkcode listenTcp}. */
export interface ListenOptions {
  /**
   * Told that the process has no file descriptors for more connections, and that it has again. Default:
   * nobody is.
   */
  onRoom?: (hasRoom: boolean) => void;
  /** Listens by `node:net` even where the runtime's own TCP is known. Default: false. */
  viaNode?: boolean;
}

/** Those that listen: what one of them finds out about the process concerns all. */
const servers = new Set<TcpServer>();

let connections = 0;

/** So many connections there has been room for: asking costs as much as a connection does. */
let roomFor = FEW_CONNECTIONS;

/** Whether this process may open some more files. */
function hasRoom(): boolean {
  if (Deno.build.os === "windows") return true;
  const files: Deno.FsFile[] = [];
  try {
    while (files.length < SPARE_FILES) files.push(Deno.openSync("/dev/null"));
    return true;
  } catch (error) {
    // Without the right to look there is nothing to be told.
    return error instanceof Deno.errors.NotCapable;
  } finally {
    for (const file of files) file.close();
  }
}

/** One function for all connections: an idle one is to be small. */
function onClosed(): void {
  connections--;
}

function countConnection(): void {
  connections++;
  if (connections <= roomFor) return;
  if (hasRoom()) {
    roomFor = connections;
    return;
  }
  roomFor = FEW_CONNECTIONS;
  for (const server of servers) server.pause();
}

/**
 * A TCP listener whose connections come as {@linkcode ByteStream}s. Where file descriptors run out it
 * stops listening until there are some again, for two reasons: who cannot be served is to know at once,
 * and the runtime never accepts anything more on a listener that has failed to for want of them.
 */
export class TcpServer {
  /** Port that it listens on. */
  readonly port: number;
  readonly #reopen: () => Promise<Listener>;
  readonly #onRoom: (hasRoom: boolean) => void;
  #listener: Listener | undefined;
  #timer: Timer | undefined;
  #closed = false;

  /** Takes a listener; `reopen` opens another. {@linkcode listenTcp} does all that. */
  constructor(listener: Listener, { reopen, onRoom }: {
    reopen: () => Promise<Listener>;
    onRoom: (hasRoom: boolean) => void;
  }) {
    this.port = listener.port;
    this.#reopen = reopen;
    this.#onRoom = onRoom;
    this.#use(listener);
  }

  #use(listener: Listener): void {
    this.#listener = listener;
    servers.add(this);
    listener.onFailed = () => this.#listener === listener && this.pause();
  }

  /** Stops listening; connections that were accepted stay open. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#stop();
  }

  /** Stops listening until the process may open files again. */
  pause(): void {
    this.#stop();
    this.#onRoom(false);
    this.#resumeLater();
  }

  #stop(): void {
    servers.delete(this);
    this.#listener?.close();
    this.#listener = undefined;
  }

  #resumeLater(): void {
    this.#timer = systemClock.setTimer(() => this.#resume(), ROOM_INTERVAL_MS);
  }

  async #resume(): Promise<void> {
    let listener: Listener;
    try {
      listener = await this.#reopen();
    } catch {
      // Still no room, or another program has the port now: it may go again.
      return this.#resumeLater();
    }
    if (this.#closed) return listener.close();
    if (!hasRoom()) {
      listener.close();
      return this.#resumeLater();
    }
    this.#use(listener);
    this.#onRoom(true);
  }
}

/**
 * Listens for TCP connections; each is given to `accept`, which takes it, with `TCP_NODELAY` and
 * keepalive.
 *
 * @throws {Error} with the system's `code` (`EADDRINUSE`, `EACCES`, …) if it cannot listen
 */
export async function listenTcp(
  address: TcpAddress,
  accept: (stream: ByteStream) => void,
  { onRoom = () => {}, viaNode }: ListenOptions = {},
): Promise<TcpServer> {
  const options: ListenerOptions = {
    accept: (stream) => {
      accept(stream);
      countConnection();
    },
    onClosed,
    viaNode,
  };
  const listener = await openListener(address, options);
  const { port } = listener;
  return new TcpServer(listener, {
    reopen: () => openListener({ ...address, port }, options),
    onRoom,
  });
}
