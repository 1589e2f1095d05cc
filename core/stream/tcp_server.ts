import { createServer, type Server, type Socket } from "node:net";
import { systemClock, type Timer } from "../clock/mod.ts";
import { socketStream } from "./socket_stream.ts";
import type { ByteStream } from "./stream.ts";
import { KEEPALIVE_MS, type TcpAddress } from "./tcp.ts";

/** Connections that may wait to be accepted, as far as the system allows; one more waits for a second. */
const BACKLOG = 4096;

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

/** One function for all sockets: an idle connection is to be small. */
function onClosed(): void {
  connections--;
}

function countConnection(socket: Socket): void {
  connections++;
  socket.on("close", onClosed);
  if (connections <= roomFor) return;
  if (hasRoom()) {
    roomFor = connections;
    return;
  }
  roomFor = FEW_CONNECTIONS;
  for (const server of servers) server.pause();
}

function openServer(
  { hostname, port }: TcpAddress,
  accept: (stream: ByteStream) => void,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      // The runtime does not heed the server's option for it.
      socket.setKeepAlive(true, KEEPALIVE_MS);
      accept(socketStream(socket));
      countConnection(socket);
    });
    server.once("error", reject);
    server.listen({ host: hostname, port, backlog: BACKLOG }, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

/**
 * A TCP listener whose connections come as {@linkcode ByteStream}s. Where file descriptors run out it
 * stops listening until there are some again, for two reasons: who cannot be served is to know at once,
 * and the runtime never accepts anything more on a listener that has failed to for want of them.
 */
export class TcpServer {
  /** Port that it listens on. */
  readonly port: number;
  readonly #reopen: () => Promise<Server>;
  readonly #onRoom: (hasRoom: boolean) => void;
  #server: Server | undefined;
  #timer: Timer | undefined;
  #closed = false;

  /** Takes a listening server; `reopen` makes another. {@linkcode listenTcp} does all that. */
  constructor(server: Server, { port, reopen, onRoom }: {
    port: number;
    reopen: () => Promise<Server>;
    onRoom: (hasRoom: boolean) => void;
  }) {
    this.port = port;
    this.#reopen = reopen;
    this.#onRoom = onRoom;
    this.#use(server);
  }

  #use(server: Server): void {
    this.#server = server;
    servers.add(this);
    // What fails once it listens is an accept, for want of files or memory.
    server.on("error", () => this.#server === server && this.pause());
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
    this.#server?.close();
    this.#server = undefined;
  }

  #resumeLater(): void {
    this.#timer = systemClock.setTimer(() => this.#resume(), ROOM_INTERVAL_MS);
  }

  async #resume(): Promise<void> {
    let server: Server;
    try {
      server = await this.#reopen();
    } catch {
      // Still no room, or another program has the port now: it may go again.
      return this.#resumeLater();
    }
    if (this.#closed) return void server.close();
    if (!hasRoom()) {
      server.close();
      return this.#resumeLater();
    }
    this.#use(server);
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
  { onRoom = () => {} }: ListenOptions = {},
): Promise<TcpServer> {
  const server = await openServer(address, accept);
  const { port } = server.address() as { port: number };
  return new TcpServer(server, {
    port,
    reopen: () => openServer({ ...address, port }, accept),
    onRoom,
  });
}
