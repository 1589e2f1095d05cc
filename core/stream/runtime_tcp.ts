import { isIP } from "node:net";
import process from "node:process";
import { getSystemErrorMap } from "node:util";

/** A request of the runtime's, which it completes later. */
export interface TcpRequest {
  /** Called once it is over, with 0 or a negative error number. */
  oncomplete: (status: number) => void;
  /** The socket it concerns. */
  handle: TcpHandle;
  /** Bytes that are kept until it is over. */
  buffer?: Uint8Array;
}

/** Where an address is put. */
export interface TcpName {
  /** IP address. */
  address?: string;
  /** Port. */
  port?: number;
}

/** A TCP socket of the runtime's. What gives a number gives 0, or a negative error number. */
export interface TcpHandle {
  /** Called with each read, which {@linkcode RuntimeTcp.readCount} tells the outcome of. */
  onread: () => void;
  /** Called with each connection that a listening socket takes, or fails to. */
  onconnection: (status: number, connection: TcpHandle) => void;
  /** Takes an IPv4 address and port to listen on; 0 for any port. */
  bind(address: string, port: number): number;
  /** Takes an IPv6 address and port to listen on. */
  bind6(address: string, port: number, flags: number): number;
  /** Listens. */
  listen(backlog: number): number;
  /** Begins to connect to an IPv4 address. */
  connect(request: TcpRequest, address: string, port: number): number;
  /** Begins to connect to an IPv6 address. */
  connect6(request: TcpRequest, address: string, port: number): number;
  /** Puts the peer's address into `name`. */
  getpeername(name: TcpName): number;
  /** Puts its own address into `name`. */
  getsockname(name: TcpName): number;
  /** Sets `TCP_NODELAY`. */
  setNoDelay(on: boolean): number;
  /** Sets keepalive, and the seconds of silence before the first question. */
  setKeepAlive(on: boolean, delayS: number): number;
  /** Has reads put their bytes into `buffer`, until another is given. */
  useUserBuffer(buffer: Uint8Array): void;
  /** Reads from now on. */
  readStart(): number;
  /** Reads no more until it is told to. */
  readStop(): number;
  /** Writes; {@linkcode RuntimeTcp.isWriting} tells whether the request completes later. */
  writeBuffer(request: TcpRequest, bytes: Uint8Array): number;
  /** Sends FIN behind what was written. */
  shutdown(request: TcpRequest): number;
  /** Closes both directions. */
  close(): void;
  /** Closes with a reset. */
  reset(): number;
}

/** The runtime's own TCP, below `node:net`. */
export interface RuntimeTcp {
  /** Makes a socket that is to be connected. */
  socket(): TcpHandle;
  /** Makes a socket that is to listen. */
  server(): TcpHandle;
  /** Has a socket give connections, once its `onconnection` is set. */
  accepts(server: TcpHandle): void;
  /** Makes a request to connect. */
  connectRequest(): TcpRequest;
  /** Makes a request to send FIN. */
  shutdownRequest(): TcpRequest;
  /** Makes a request to write. */
  writeRequest(): TcpRequest;
  /** Bytes that came with the read of this moment; 0 if none did, negative if it failed. */
  readCount(): number;
  /** Whether the write of this moment is still under way. */
  isWriting(): boolean;
}

const METHODS = [
  "bind",
  "bind6",
  "close",
  "connect",
  "connect6",
  "getpeername",
  "getsockname",
  "listen",
  "readStart",
  "readStop",
  "reset",
  "setKeepAlive",
  "setNoDelay",
  "shutdown",
  "useUserBuffer",
  "writeBuffer",
] as const satisfies readonly (keyof TcpHandle)[];

interface Bindings {
  TCP: { new (type: number): TcpHandle; prototype: object };
  TCPConnectWrap: new () => TcpRequest;
  constants: { SOCKET: number; SERVER: number };
  setupListenWrap: (server: TcpHandle) => void;
  ShutdownWrap: new () => TcpRequest;
  WriteWrap: new () => TcpRequest;
  kLastWriteWasAsync: number;
  kReadBytesOrError: number;
  streamBaseState: Int32Array;
}

function isComplete(found: Partial<Bindings>): found is Bindings {
  const { TCP, TCPConnectWrap, setupListenWrap, ShutdownWrap, WriteWrap } = found;
  const made = [TCP, TCPConnectWrap, setupListenWrap, ShutdownWrap, WriteWrap];
  const told = [found.constants?.SOCKET, found.constants?.SERVER];
  return made.every((each) => typeof each === "function") &&
    METHODS.every((name) => name in TCP!.prototype) &&
    [...told, found.kLastWriteWasAsync, found.kReadBytesOrError].every(Number.isInteger) &&
    found.streamBaseState instanceof Int32Array;
}

/** Gives what the runtime has inside, by name; throws for what it has not, or keeps to itself. */
export type Binding = (name: string) => object;

/** Makes it of what the runtime has inside; null if that is not all there. */
export function findTcp(binding: Binding): RuntimeTcp | null {
  let found: Partial<Bindings>;
  try {
    found = { ...binding("tcp_wrap"), ...binding("stream_wrap") };
  } catch {
    return null;
  }
  if (!isComplete(found)) return null;
  const { TCP, TCPConnectWrap, constants, setupListenWrap, ShutdownWrap, WriteWrap } = found;
  const { kLastWriteWasAsync, kReadBytesOrError, streamBaseState } = found;
  return {
    socket: () => new TCP(constants.SOCKET),
    server: () => new TCP(constants.SERVER),
    accepts: setupListenWrap,
    connectRequest: () => new TCPConnectWrap(),
    shutdownRequest: () => new ShutdownWrap(),
    writeRequest: () => new WriteWrap(),
    readCount: () => streamBaseState[kReadBytesOrError]!,
    isWriting: () => streamBaseState[kLastWriteWasAsync] !== 0,
  };
}

/** The runtime's TCP; null if it is not there in the shape that is known. */
export const runtimeTcp: RuntimeTcp | null = findTcp((name) =>
  (process as unknown as { binding: Binding }).binding(name)
);

/** What to use for an address; null for `node:net`, which alone knows names. */
export function tcpFor(hostname: string, viaNode: boolean): RuntimeTcp | null {
  return viaNode || isIP(hostname) === 0 ? null : runtimeTcp;
}

/** The end of what is read, where an error number is expected. */
export const UV_EOF = -4095;

/** An error of the system's, in the words of `node:net`, with its `code`. */
export function systemError(syscall: string, status: number, where: string = ""): Error {
  const [code, text] = getSystemErrorMap().get(status) ?? [`errno ${status}`, ""];
  const what = syscall === "listen" ? `${code}: ${text}` : code;
  return Object.assign(new Error(`${syscall} ${what} ${where}`.trimEnd()), { code });
}
