import {
  Ipv4Header,
  isEchoRequest,
  PROTOCOL_ICMP,
  PROTOCOL_TCP,
  pseudoHeaderSum,
  readIpv4Header,
} from "../ip/mod.ts";
import {
  Connection,
  emitReset,
  IsnGenerator,
  opensConnection,
  PagePool,
  PathTimes,
  readSegment,
  resetFor,
  Segment,
  type SegmentSource,
  type StrayReset,
  type TcpOptions,
  tcpOptions,
} from "../tcp/mod.ts";
import type { TcpConn } from "./conn.ts";
import { Echo } from "./echo.ts";
import { tcpError } from "./errors.ts";
import { FlushQueue } from "./flush_queue.ts";
import { TcpListener } from "./listener.ts";
import { checkMtu, checkPort, type ConnectOptions, type NetstackOptions } from "./options.ts";
import { PortPicker } from "./ports.ts";
import { addrOf, connOf, keyOf } from "./naming.ts";
import { ProgressCounter } from "./progress.ts";
import { Ipv4Sink } from "./sink.ts";
import { Socket } from "./socket.ts";
import type { DropReason, InputResult, NetstackProgress, NetstackStats } from "./stats.ts";

/** Connections one stack holds, those in TIME-WAIT included; more are refused. */
const MAX_CONNECTIONS = 16384;

/** Resets waiting for a flush; more are not sent, the peer will ask again. */
const MAX_STRAY_RESETS = 256;

/** As many as a browser storm or a load test opens at once; one that is dropped waits for a second. */
const DEFAULT_BACKLOG = 1024;

/**
 * TCP/IP in user space between two addresses. Packets come in by {@linkcode Netstack.input} and go out
 * by the `output` callback; applications use {@linkcode Netstack.connect} and
 * {@linkcode Netstack.listen}.
 */
export class Netstack {
  readonly #options: NetstackOptions;
  #tcp: TcpOptions;
  readonly #pages: PagePool;
  readonly #path = new PathTimes();
  readonly #isn: IsnGenerator;
  readonly #ports: PortPicker;
  readonly #sink: Ipv4Sink;
  readonly #echo: Echo;
  readonly #queue: FlushQueue;
  readonly #progress = new ProgressCounter();
  readonly #inboundPseudoSum: number;
  readonly #sockets = new Map<number, Socket>();
  readonly #listeners = new Map<number, TcpListener>();
  readonly #header = new Ipv4Header();
  readonly #segment = new Segment();
  readonly #source: { -readonly [K in keyof SegmentSource]: SegmentSource[K] } = {
    bytes: new Uint8Array(),
    view: new DataView(new ArrayBuffer(0)),
    payloadStart: 0,
    payloadEnd: 0,
  };
  #strayResets: StrayReset[] = [];
  #dropped: Partial<Record<DropReason, number>> = {};
  #packetsIn = 0;
  #mtuBytes: number;
  readonly #maxMtuBytes: number;
  #closed = false;

  /**
   * A stack without connections.
   *
   * @throws {RangeError} if the MTU or a TCP option is out of its range
   */
  constructor(options: NetstackOptions) {
    this.#options = options;
    this.#tcp = tcpOptions(options.tcp);
    this.#pages = new PagePool(this.#tcp.stackBufferBytes, options.memory);
    this.#mtuBytes = checkMtu(options.mtuBytes, options.pool);
    this.#maxMtuBytes = checkMtu(options.maxMtuBytes ?? options.mtuBytes, options.pool);
    this.#isn = new IsnGenerator(options.random);
    this.#ports = new PortPicker(options.random);
    const addresses = { source: options.localAddress, destination: options.peerAddress };
    const { pool, output } = options;
    this.#sink = new Ipv4Sink({ fields: { ...addresses, protocol: PROTOCOL_TCP }, pool, output });
    this.#echo = new Echo({ addresses, pool, output, carrier: this.#sink });
    this.#inboundPseudoSum = pseudoHeaderSum({ ...addresses, protocol: PROTOCOL_TCP });
    this.#queue = new FlushQueue({
      sink: this.#sink,
      clock: options.clock,
      flush: (nowMs) => this.flush(nowMs),
      ended: (socket) => this.#forget(socket),
      defect: options.onDefect ?? throwLater,
    });
  }

  /** Counters, as a snapshot. */
  get stats(): NetstackStats {
    return {
      packetsIn: this.#packetsIn,
      packetsOut: this.#sink.packets + this.#echo.packets,
      dropped: { ...this.#dropped },
      connections: this.#sockets.size,
      bufferBytes: this.#pages.lentBytes,
    };
  }

  /** How far the data of all connections, past ones included, has come. */
  get progress(): NetstackProgress {
    return this.#progress.of(this.#sockets.values());
  }

  /**
   * Processes the IP packet in `bytes` from `start` to `end`, which is borrowed; padding behind the
   * packet is ignored. `nowMs` is when it arrived. Emits nothing: call {@linkcode Netstack.flush}
   * after a batch.
   */
  input(bytes: Uint8Array, start: number, end: number, nowMs: number): InputResult {
    this.#packetsIn++;
    const result = this.#process(bytes, start, end, nowMs);
    if (result !== "ok") this.#dropped[result] = (this.#dropped[result] ?? 0) + 1;
    return result;
  }

  #process(bytes: Uint8Array, start: number, end: number, nowMs: number): InputResult {
    if (this.#closed) return "closed";
    const source = this.#source;
    if (source.bytes !== bytes) {
      source.bytes = bytes;
      source.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const header = this.#header;
    const result = readIpv4Header(header, source.view, start, end);
    if (result !== "ok") return result;
    if (header.source !== this.#options.peerAddress) return "source";
    if (header.destination !== this.#options.localAddress) return "destination";
    source.payloadStart = header.payloadStart;
    source.payloadEnd = header.payloadEnd;
    if (header.protocol === PROTOCOL_TCP) return this.#onSegment(nowMs);
    if (header.protocol !== PROTOCOL_ICMP) return "protocol";
    if (!isEchoRequest(source.view, header.payloadStart, header.payloadEnd)) return "protocol";
    return this.#echo.request(bytes, header.payloadStart, header.payloadEnd) ? "ok" : "limit";
  }

  #onSegment(nowMs: number): InputResult {
    const segment = this.#segment;
    const result = readSegment(segment, this.#source, this.#inboundPseudoSum);
    if (result !== "ok") return result;
    const key = keyOf(segment.destinationPort, segment.sourcePort);
    const socket = this.#sockets.get(key);
    if (socket !== undefined) {
      if (!opensConnection(segment) || !socket.connection.replaceableBy(segment)) {
        try {
          this.#progress.input(socket.connection, segment, nowMs);
        } catch (error) {
          this.#queue.contain(socket, error, nowMs);
        }
        this.#queue.mark(socket);
        return "ok";
      }
      this.#forget(socket);
    }
    const listener = this.#listeners.get(segment.destinationPort);
    if (listener !== undefined && opensConnection(segment)) return this.#onSyn(listener, nowMs);
    const reset = resetFor(segment, { listening: listener !== undefined });
    if (reset !== undefined && this.#strayResets.length < MAX_STRAY_RESETS) {
      this.#strayResets.push(reset);
    }
    return "no-connection";
  }

  #onSyn(listener: TcpListener, nowMs: number): InputResult {
    if (this.#sockets.size >= MAX_CONNECTIONS) return "limit";
    const place = listener.reserve();
    if (place === undefined) return "backlog";
    const segment = this.#segment;
    const socket = this.#newSocket(segment.destinationPort, segment.sourcePort, nowMs);
    socket.onOpen = (error) => {
      if (error === undefined && !listener.atSyn) {
        listener.deliver(place, connOf(socket, this.#options));
      }
      listener.handshakeOver(place);
    };
    this.#queue.guard(
      socket,
      nowMs,
      () => this.#progress.accept(socket.connection, segment, nowMs),
    );
    this.#queue.mark(socket);
    if (listener.atSyn) listener.deliver(place, connOf(socket, this.#options));
    return "ok";
  }

  /**
   * Emits everything that is due at `nowMs`. Call it after each batch of {@linkcode Netstack.input};
   * calls of applications see to it themselves. Must not be called from within `output`.
   */
  flush(nowMs: number): void {
    // Taken out first: one that cannot be sent must not stop every flush that follows.
    for (let i = this.#strayResets.length; i > 0; i--) {
      emitReset(this.#strayResets.shift()!, this.#sink);
    }
    this.#echo.flush();
    this.#queue.flush(nowMs);
  }

  /**
   * Stops data until {@linkcode Netstack.resume}: the carrier is full, and what waits in send buffers
   * costs no delay to others. May be called from within `output`; what is small still goes out:
   * acknowledgements, SYN, RST.
   */
  pause(): void {
    this.#sink.blocked = true;
  }

  /** Lets data go again, within this event-loop turn; those that had no turn go first. */
  resume(): void {
    this.#sink.blocked = false;
    this.#queue.resume();
  }

  #forget(socket: Socket): void {
    const { localPort, remotePort } = socket.connection;
    const key = keyOf(localPort, remotePort);
    this.#queue.forget(socket);
    if (this.#sockets.get(key) === socket) this.#sockets.delete(key);
  }

  /**
   * The peer takes data with a SYN, and so do we from now on: connections that are opened later save a
   * round trip. What is offered by `early` goes with the SYN, and what is written to a connection that
   * was handed over at its SYN goes before the handshake is complete.
   *
   * Spec: RFC 7413
   */
  useSynData(): void {
    this.#tcp = tcpOptions({ ...this.#tcp, synData: true });
  }

  /**
   * Opens a connection to a port of the peer. `early` is called at once with what takes bytes to go with
   * the SYN; it may be called until the peer has answered, copies what it takes, and returns how much
   * that was: mostly all of a first request, or none. What was taken counts as written.
   *
   * @throws {TcpError} `refused`, `timed-out`, `aborted` by the signal, `closed` with the stack, `limit`
   */
  connect({ port, signal, early }: ConnectOptions): Promise<TcpConn> {
    checkPort(port);
    if (this.#closed) return Promise.reject(tcpError("closed", `connect to port ${port}`));
    if (signal?.aborted) {
      return Promise.reject(tcpError("aborted", `connect to port ${port}`, signal.reason));
    }
    const localPort = this.#sockets.size >= MAX_CONNECTIONS
      ? undefined
      : this.#ports.pick((candidate) => !this.#sockets.has(keyOf(candidate, port)));
    if (localPort === undefined) {
      return Promise.reject(tcpError("limit", `connect to port ${port}`));
    }
    const nowMs = this.#options.clock.nowMs();
    const socket = this.#newSocket(localPort, port, nowMs);
    return new Promise((resolve, reject) => {
      const onAbort = () => socket.abort();
      signal?.addEventListener("abort", onAbort, { once: true });
      socket.onOpen = (error) => {
        signal?.removeEventListener("abort", onAbort);
        if (error === undefined) return resolve(connOf(socket, this.#options));
        // Only the signal or the end of the stack abort a connection that is not open yet.
        const closed = error.code === "aborted" && signal?.aborted !== true;
        const code = closed ? "closed" : error.code;
        reject(tcpError(code, `connect to port ${port}`, signal?.reason));
      };
      socket.connection.open(nowMs);
      try {
        early?.((bytes) => socket.writeWithSyn(bytes));
      } catch (error) {
        reject(error);
        socket.abort();
      }
      this.touch(socket);
    });
  }

  /**
   * Accepts connections to a port from now on. `backlog` bounds those that are not accepted yet,
   * half-open ones included; a SYN beyond it is dropped, and the peer repeats it. Default 1024. With
   * `atSyn` a connection is handed over when its SYN has come: what is written waits until it is open,
   * and half a round trip is saved; but a SYN alone then costs what the application does.
   *
   * @throws {TcpError} with code `in-use` if the port has a listener, `closed` after close
   */
  listen(
    { port, backlog = DEFAULT_BACKLOG, atSyn = false }: {
      port: number;
      backlog?: number;
      atSyn?: boolean;
    },
  ): TcpListener {
    checkPort(port);
    if (this.#closed) throw tcpError("closed", `listen on port ${port}`);
    if (this.#listeners.has(port)) throw tcpError("in-use", `listen on port ${port}`);
    const listener = new TcpListener({
      addr: addrOf(this.#options.localAddress, port),
      backlog,
      atSyn,
      onClose: () => this.#listeners.delete(port),
    });
    this.#listeners.set(port, listener);
    return listener;
  }

  /**
   * The path now carries IP packets of `mtuBytes`. Open connections follow: they segment what they
   * send from now on, and send again, accordingly.
   *
   * @throws {RangeError} if the MTU is out of its range
   */
  setMtu(mtuBytes: number): void {
    this.#mtuBytes = checkMtu(mtuBytes, this.#options.pool);
    const nowMs = this.#options.clock.nowMs();
    for (const socket of this.#sockets.values()) {
      this.#queue.guard(socket, nowMs, () => socket.connection.setMtu(mtuBytes));
    }
  }

  /**
   * The path is another one, or open again after an outage: connections that wait for a timer go on at
   * once, within this event-loop turn.
   */
  pathChanged(): void {
    const nowMs = this.#options.clock.nowMs();
    this.#path.reset(nowMs);
    for (const socket of this.#sockets.values()) {
      this.#queue.guard(socket, nowMs, () => socket.connection.pathChanged(nowMs));
      this.touch(socket);
    }
  }

  /** Resets every connection, closes every listener and rejects every pending call. */
  close(): void {
    if (this.#closed) return;
    for (const listener of [...this.#listeners.values()]) listener.close();
    const nowMs = this.#options.clock.nowMs();
    for (const socket of this.#sockets.values()) {
      this.#queue.guard(socket, nowMs, () => socket.abort());
    }
    this.#closed = true;
    try {
      this.flush(nowMs);
    } finally {
      this.#sockets.clear();
      this.#queue.stop();
    }
  }

  /** For sockets of this stack: flushes one of them within this event-loop turn. */
  touch(socket: Socket): void {
    this.#queue.touch(socket);
  }

  #newSocket(localPort: number, remotePort: number, nowMs: number): Socket {
    const connection = new Connection({
      localPort,
      remotePort,
      iss: this.#isn.next({ localPort, remotePort }, nowMs),
      mtuBytes: this.#mtuBytes,
      maxMtuBytes: this.#maxMtuBytes,
      pages: this.#pages,
      path: this.#path,
      options: this.#tcp,
    });
    const socket = new Socket(connection, this);
    this.#sockets.set(keyOf(localPort, remotePort), socket);
    return socket;
  }
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
