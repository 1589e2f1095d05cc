import type { UdpSocket } from "./udp_port.ts";

/** A UDP port could not be bound; the message says why and what to do. */
export class UdpBindError extends Error {
  /** `UdpBindError`. */
  override readonly name = "UdpBindError";
  /** `unsupported`: Deno lacks UDP; `not-permitted`; `bind`: the system refused. */
  readonly code: "unsupported" | "not-permitted" | "bind";

  /** Makes an error; the platform's own goes into `options.cause`. */
  constructor(code: UdpBindError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A UDP socket that is bound. */
export interface BoundSocket {
  /** The socket; the caller's. */
  readonly socket: UdpSocket;
  /** Its port. */
  readonly port: number;
}

/**
 * Binds a UDP port to relay at.
 *
 * @param where port 0 lets the system choose
 * @throws UdpBindError
 */
export function bindUdp(where: { readonly port: number; readonly hostname: string }): BoundSocket {
  const fail = (code: UdpBindError["code"], reason: string, options?: ErrorOptions) =>
    new UdpBindError(code, `Cannot bind UDP port ${where.port}: ${reason}`, options);
  if (typeof Deno.listenDatagram !== "function") {
    throw fail("unsupported", "Deno has UDP switched off; run with --unstable-net");
  }
  // Peers are anywhere, and each send is checked: without the right, offers would be in vain.
  if (Deno.permissions.querySync({ name: "net" }).state !== "granted") {
    const remedy = "run with --allow-net, without a list";
    throw fail("not-permitted", `sending to any address is not permitted; ${remedy}`);
  }
  try {
    const socket = Deno.listenDatagram({ ...where, transport: "udp" });
    return { socket, port: (socket.addr as Deno.NetAddr).port };
  } catch (cause) {
    throw fail("bind", (cause as Error).message, { cause });
  }
}
